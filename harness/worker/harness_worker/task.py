"""The task's code: custom.py imported, and its hooks called as the platform calls them.

Both styles offer the same verbs to the stages: `fit`, `load`, `apply`. Source: docs of the platform's custom tasks,
and what its own runner was seen to do.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
from typing import Any, Dict, List, Optional, Tuple

import pandas as pd

from . import models
from .credentials import typed_secrets
from .data import Inputs, fit_features, request_features, request_file, request_target
from .job import Job, Request
from .outputs import is_sparse_matrix
from .problems import TaskProblem, call_hook, definition_line
from .progress import Progress

MODULE = "custom"
CLASS = "CustomTask"
HOOKS = ("init", "read_input_data", "fit", "load_model", "transform", "score", "post_process")
METHODS = ("fit", "save", "load", "predict", "predict_proba", "transform")
INTERFACES = "datarobot_drum.custom_task_interfaces"
INTERFACE_OF = {
    "binary": "BinaryEstimatorInterface",
    "multiclass": "MulticlassEstimatorInterface",
    "regression": "RegressionEstimatorInterface",
    "anomaly": "AnomalyEstimatorInterface",
    "transform": "TransformerInterface",
}
STAND_IN_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "stand_in")


def find_code_file(folder: str) -> str:
    """Return the path of custom.py, at the top of the folder or the only one below."""
    top = os.path.join(folder, MODULE + ".py")
    if os.path.isfile(top):
        return top
    found = [os.path.join(place, MODULE + ".py") for place, _, names in os.walk(folder) if MODULE + ".py" in names]
    if len(found) != 1:
        raise TaskProblem(
            "There is no custom.py." if not found else "There is more than one custom.py.",
            where="import",
            remedy="Put the hooks into one custom.py at the top of the task folder.",
        )
    return found[0]


def prepare_module_path(code_file: str) -> None:
    """Put the task's folder first on the module path, and the stand-in last where it is needed."""
    folder = os.path.dirname(code_file)
    sys.path.insert(0, folder)
    if importlib.util.find_spec("datarobot_drum") is None:
        sys.path.append(STAND_IN_FOLDER)
        importlib.invalidate_caches()


def forget_shadowed_modules(folder: str, preloaded: List[str]) -> None:
    """Let the task's own files win over preloaded modules of the same name, as in a process without preloading."""
    own = {os.path.splitext(name)[0] for name in os.listdir(folder)}
    for name in preloaded:
        if name.partition(".")[0] in own:
            sys.modules.pop(name, None)


class HookTask:
    """A task of functions in custom.py."""

    interface = "hooks"

    def __init__(self, module: Any, job: Job, progress: Progress) -> None:
        self._hooks: Dict[str, Any] = {
            name: getattr(module, name) for name in HOOKS if callable(getattr(module, name, None))
        }
        self._job = job
        self._progress = progress
        self._model: Any = None
        self.names = list(self._hooks)
        self.model_source: Optional[str] = None

    @property
    def reads_data_itself(self) -> bool:
        return "read_input_data" in self._hooks

    def fit(self, inputs: Inputs) -> None:
        """Run `fit`, with the data that the task's own reading and `transform` make of the input."""
        job = self._job
        if "fit" not in self._hooks:
            raise TaskProblem("custom.py defines no function fit.", where="fit", remedy=_define("fit"))
        X = self._read(inputs.path) if self.reads_data_itself else fit_features(inputs)
        if job.is_estimator and "transform" in self._hooks:
            X = self._transform(X, None, inputs.target)
        self._call("fit", X=X, y=inputs.target, output_dir=job.artifact_folder, **_fit_context(job, inputs))

    def load(self, folder: str) -> None:
        """Get the model as a scoring process gets it: from the files alone."""
        if "load_model" in self._hooks:
            self._model = self._call("load_model", folder)
            self.model_source = "load_model hook"
            return
        self._progress.enter("load_model")
        name = models.find_model_file(folder)
        self.model_source = "file " + name
        self._model = models.load_model_file(folder, name)

    def given(self, inputs: Inputs, request: Request) -> Any:
        """Return the data of a request as the first hook gets it."""
        if self.reads_data_itself:
            return self._read(request_file(inputs, request))
        return request_features(inputs, request)

    def apply(self, data: Any, inputs: Inputs, request: Request) -> Any:
        """Score or transform; returns what the platform would take, else raises TaskProblem."""
        job = self._job
        if not job.is_estimator:
            return self._apply_transform(data, request_target(inputs, request))
        if "transform" in self._hooks:
            data = self._transform(data, None, None)
        if "score" in self._hooks:
            predictions = self._call("score", data, self._model, **_score_context(job))
        else:
            self._progress.enter("score")
            predictions = models.predict_with(self._model, data, _labels(job))
        self._require_frame("score", predictions)
        if "post_process" in self._hooks:
            predictions = self._call("post_process", predictions, self._model)
            self._require_frame("post_process", predictions)
        return predictions

    def _apply_transform(self, data: Any, target: Optional[pd.Series]) -> Any:
        if "transform" in self._hooks:
            transformed = self._transform(data, self._model, target)
        else:
            self._progress.enter("transform")
            transformed = models.transform_with(self._model, data)
        _require_features(transformed, definition_line(self._hooks.get("transform")))
        return transformed

    def _transform(self, data: Any, model: Any, target: Optional[pd.Series]) -> Any:
        """Call `transform` with two arguments or three, by its signature."""
        hook = self._hooks["transform"]
        arguments: Tuple[Any, ...] = (data, model, target) if _positional_count(hook) >= 3 else (data, model)
        return self._call("transform", *arguments)

    def _read(self, path: str) -> Any:
        """Read the data with the task's own hook, which takes a path, or the bytes where its parameter says so."""
        hook = self._hooks["read_input_data"]
        argument: Any = path
        if any("binary" in name for name in inspect.signature(hook).parameters):
            with open(path, "rb") as stream:
                argument = stream.read()
        return self._call("read_input_data", argument)

    def _call(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        self._progress.enter(name)
        return call_hook(name, self._hooks[name], *arguments, **keywords)

    def _require_frame(self, name: str, value: Any) -> None:
        _require_predictions(name, value, definition_line(self._hooks.get(name)), _labels(self._job))


class ClassTask:
    """A task that is the class CustomTask on one of the platform's interfaces."""

    interface = "class"
    reads_data_itself = False

    def __init__(self, module: Any, job: Job, progress: Progress, secret_documents: Dict[str, Any]) -> None:
        self._class = getattr(module, CLASS)
        self._job = job
        self._progress = progress
        self._secret_documents = secret_documents
        self._instance: Any = None
        self.names = [name for name in METHODS if _defined_by_task(self._class, name)]
        self.model_source: Optional[str] = None
        if not any(base.__module__.startswith(INTERFACES) for base in self._class.__mro__):
            interface = INTERFACE_OF[job.target_type]
            raise TaskProblem(
                "CustomTask does not derive from one of the platform's interfaces.",
                where="import",
                remedy="Write: from %s import %s, and derive CustomTask from it." % (INTERFACES, interface),
                line=_class_line(self._class),
            )

    def fit(self, inputs: Inputs) -> None:
        """Make an instance, fit it, and let it save itself."""
        self._progress.enter("CustomTask()")
        self._instance = self._class()
        self._give_secrets()
        folder = self._job.artifact_folder
        context = _fit_context(self._job, inputs)
        self._call("fit", X=fit_features(inputs), y=inputs.target, output_dir=folder, **context)
        self._call("save", folder)

    def load(self, folder: str) -> None:
        """Get the instance from the files alone, by the class's own `load`."""
        self._progress.enter("load")
        self._instance = call_hook("CustomTask.load", self._class.load, folder)
        if self._instance is None:
            raise TaskProblem(
                "load returned None.",
                where="load",
                remedy="Return the loaded task at the end of load.",
                line=definition_line(self._class.load),
            )
        self._give_secrets()

    def given(self, inputs: Inputs, request: Request) -> pd.DataFrame:
        return request_features(inputs, request)

    def apply(self, data: pd.DataFrame, inputs: Inputs, request: Request) -> Any:  # noqa: ARG002 - as HookTask
        """Predict or transform; returns what the platform would take, else raises TaskProblem."""
        if not self._job.is_estimator:
            transformed = self._call("transform", data)
            _require_features(transformed, definition_line(self._instance.transform))
            return transformed
        name = "predict_proba" if self._job.is_classification else "predict"
        predictions = self._call(name, data, **_score_context(self._job))
        _require_predictions(name, predictions, definition_line(getattr(self._instance, name)), _labels(self._job))
        return predictions

    def _call(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        self._progress.enter(name)
        method = getattr(self._instance, name, None)
        if method is None:
            raise TaskProblem("CustomTask has no method %s." % name, where=name, remedy=_define("CustomTask." + name))
        return call_hook("CustomTask." + name, method, *arguments, **keywords)

    def _give_secrets(self) -> None:
        if self._secret_documents:
            self._progress.enter("secrets")
            module = importlib.import_module(INTERFACES + ".user_secrets")
            self._instance.secrets = typed_secrets(self._secret_documents, module)


def load_task(module: Any, job: Job, progress: Progress, secret_documents: Dict[str, Any]) -> Any:
    """Return the task of an imported custom.py: a class CustomTask wins over functions."""
    if inspect.isclass(getattr(module, CLASS, None)):
        return ClassTask(module, job, progress, secret_documents)
    return HookTask(module, job, progress)


def _fit_context(job: Job, inputs: Inputs) -> Dict[str, Any]:
    return {"class_order": _labels(job), "row_weights": inputs.weights, "parameters": dict(job.parameters)}


def _score_context(job: Job) -> Dict[str, Any]:
    context: Dict[str, Any] = {"target_type": job.target_type}
    if job.target_type == "binary":
        context["positive_class_label"], context["negative_class_label"] = _labels(job)
    elif job.target_type == "multiclass":
        context["class_labels"] = _labels(job)
    return context


def _labels(job: Job) -> Optional[List[str]]:
    return list(job.class_labels) if job.is_classification and job.class_labels is not None else None


def _positional_count(hook: Any) -> int:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in kinds for parameter in inspect.signature(hook).parameters.values())


def _defined_by_task(cls: type, name: str) -> bool:
    """Tell whether the method is the task's own or inherits from it, and not merely the interface's."""
    owner = next((base for base in cls.__mro__ if name in vars(base)), None)
    return owner is not None and not owner.__module__.startswith(INTERFACES)


def _class_line(cls: type) -> Optional[int]:
    try:
        return inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):
        return None


def _define(name: str) -> str:
    from .problems import SIGNATURES

    return "Define it as: def %s." % SIGNATURES[name]


def _shown(value: Any) -> str:
    """Say what was returned in a few words: its type, and its shape or length."""
    kind = type(value)
    name = "None" if value is None else "a %s.%s" % (kind.__module__, kind.__qualname__)
    name = name.replace("a builtins.", "a ")
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return "%s of shape %s" % (name, " x ".join(str(size) for size in shape))
    if isinstance(value, (tuple, list)):
        return "%s of %d" % (name, len(value))
    return name


def _require_predictions(name: str, value: Any, line: Optional[int], labels: Optional[List[str]]) -> None:
    if isinstance(value, pd.DataFrame):
        return
    columns = repr(labels) if labels is not None else '["%s"]' % models.PREDICTION_COLUMN
    raise TaskProblem(
        "%s returned %s; the platform takes a pandas DataFrame." % (name, _shown(value)),
        where=name,
        remedy="Return pandas.DataFrame(values, columns=%s)." % columns
        if value is not None
        else "Return the predictions at its end, as a pandas.DataFrame with the columns %s." % columns,
        line=line,
        kind="TypeError",
    )


def _require_features(value: Any, line: Optional[int]) -> None:
    if isinstance(value, pd.DataFrame) or is_sparse_matrix(value):
        return
    remedy = "Return a pandas.DataFrame or a scipy.sparse matrix."
    if isinstance(value, tuple):
        remedy = "Return the features alone, without the target."
    raise TaskProblem(
        "transform returned %s; the platform takes a pandas DataFrame or a sparse matrix." % _shown(value),
        where="transform",
        remedy=remedy,
        line=line,
        kind="TypeError",
    )
