"""What is to be trained: the data, the target, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import HarnessError
from harness.records import NetworkPolicy, TargetType
from harness.settings import DEFAULT_TIMEOUT_SECONDS, Settings

# The API's words. Its further one, TextGeneration, is for models that are not trained.
TARGET_TYPES: Mapping[str, TargetType] = {
    "Binary": TargetType.BINARY,
    "Regression": TargetType.REGRESSION,
    "Multiclass": TargetType.MULTICLASS,
    "Anomaly": TargetType.ANOMALY,
    "Transform": TargetType.TRANSFORM,
}


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """Everything that a training needs besides the task's files.

    data: the uploaded file, under the name that it was uploaded with: messages show it, and its ending has to agree
    with its content. target: the name of a column, None where the project has no target. target_type: in the API's
    words. class_labels: of a binary target positive and negative; empty lets them be found in its values.
    environment: a name, an id or a folder. memory_bytes: None leaves the choice to the harness.
    environment_variables: the values of the version's required metadata. timeout_seconds: for each stage.
    """

    data: Path
    target: str | None
    target_type: str
    environment: str
    backend: str = "auto"
    network: NetworkPolicy = NetworkPolicy.ISOLATED
    memory_bytes: int | None = None
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    class_labels: tuple[str, ...] = ()
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS

    def settings(self, output: Path) -> Settings:
        """Return the settings of the validation that trains; raises HarnessError for what cannot be trained."""
        target_type = TARGET_TYPES.get(self.target_type)
        if target_type is None:
            raise HarnessError(
                f"a task of target type {self.target_type} cannot be trained",
                remedy=f"Trained are {', '.join(TARGET_TYPES)}.",
            )
        if target_type is TargetType.ANOMALY and self.target is not None:
            raise HarnessError(
                f"an Anomaly task is trained without a target, and the project has the target {self.target!r}",
                remedy="Train it in a project without a target.",
            )
        is_labelled = target_type is TargetType.BINARY and len(self.class_labels) == 2
        return Settings(
            input=self.data,
            target=self.target,
            target_type=target_type,
            positive_class_label=self.class_labels[0] if is_labelled else None,
            negative_class_label=self.class_labels[1] if is_labelled else None,
            environment=self.environment,
            backend=self.backend,
            network=self.network,
            memory_bytes=self.memory_bytes,
            environment_variables=self.environment_variables,
            timeout_seconds=self.timeout_seconds,
            output=output,
        )
