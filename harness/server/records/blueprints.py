"""User blueprints on the wire: each of one custom task version. Source: what the platform's client checks of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool

from harness.server.records.common import Answer, Id, RequestBody, Text
from harness.server.records.tasks import Description

MOST_ADDED = 100
# Their ids. A list, for not every reader of OpenAPI documents knows how tuples are described there.
TaskAndVersion = Annotated[list[Id], Field(min_length=2, max_length=2)]


class UserBlueprint(Answer):
    """A blueprint whose one step is a custom task. features: the names of its steps, as the platform calls them.

    The client insists on diagram, icons and insights, which have no meaning here.
    """

    user_blueprint_id: Id
    user_id: Id
    blueprint_id: str
    model_type: str
    description: str
    features: list[str]
    features_text: str
    supported_target_types: list[str]
    custom_task_version_metadata: list[TaskAndVersion]
    project_id: Id | None = None
    blender: bool = False
    diagram: str = "{}"
    icons: tuple[int, ...] = (0,)
    insights: str = "NA"
    is_time_series: bool = False
    reference_model: bool = False
    shap_support: bool = False
    supports_gpu: bool = False


class NewUserBlueprint(RequestBody):
    """The body that makes a blueprint of a task version. The last two are the client's, without a meaning here."""

    custom_task_version_id: Text
    description: Description = ""
    save_to_catalog: StrictBool = True
    decompressed_blueprint: StrictBool = False


class MenuAddition(RequestBody):
    """The body that adds user blueprints to a project's menu."""

    project_id: Text
    user_blueprint_ids: Annotated[list[Text], Field(min_length=1, max_length=MOST_ADDED)]


class AddedBlueprint(Answer):
    """One blueprint in the menu; the client takes no other keys."""

    user_blueprint_id: Id
    blueprint_id: str


class MenuAnswer(Answer):
    """not_added_to_menu is always empty: the client cannot read its entries, so that such a request is refused."""

    added_to_menu: list[AddedBlueprint]
    not_added_to_menu: tuple[()] = ()
    message: str
