"""Models that the platform can load and apply without hooks of the task.

Source: without `load_model` the one model file at the top of the folder is loaded; without `score` (for a transform
without `transform`) a model of a known library is applied directly. `.joblib` and `.keras` are a kindness of ours:
the platform does not look at them, so the record says which file the model came from.
"""

from __future__ import annotations

import importlib
import os
import pickle
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import pandas as pd

from .outputs import is_sparse_matrix
from .problems import TaskProblem

PLATFORM_ENDINGS = (".pkl", ".pth", ".h5", ".onnx")
OUR_ENDINGS = (".joblib", ".keras")
PREDICTION_COLUMN = "Predictions"
KERAS_FAMILIES = ("keras", "tensorflow", "tf_keras")


def find_model_file(folder: str) -> str:
    """Return the name of the one model file at the top of a folder; TaskProblem for none or several."""
    names = sorted(name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name)))
    for endings in (PLATFORM_ENDINGS, OUR_ENDINGS):
        found = [name for name in names if name.lower().endswith(endings)]
        if len(found) > 1:
            raise TaskProblem(
                "There are several model files: %s. The platform cannot tell which is the model." % ", ".join(found),
                where="load_model",
                remedy="Keep one of them, or define load_model(code_dir) and load them there.",
            )
        if found:
            return found[0]
    raise TaskProblem(
        "There is no model file (%s) among the task's files and what fit left: %s."
        % (", ".join(PLATFORM_ENDINGS), ", ".join(names) or "nothing"),
        where="load_model",
        remedy="Save the model into output_dir in fit, or define load_model(code_dir).",
    )


def load_model_file(folder: str, name: str) -> Any:
    """Load a model by the ending of its file; what the library raises is the task's own error."""
    path = os.path.join(folder, name)
    return _LOADERS[os.path.splitext(name)[1].lower()](path)


def _load_pickle(path: str) -> Any:
    try:
        with open(path, "rb") as stream:
            return pickle.load(stream)
    except (pickle.UnpicklingError, ValueError, KeyError, EOFError, UnicodeDecodeError):
        # joblib.dump writes arrays in a way of its own, and people give such files the ending .pkl.
        joblib = _optional("joblib")
        if joblib is None:
            raise
        return joblib.load(path)


def _load_joblib(path: str) -> Any:
    return _needed("joblib", "a .joblib model", "joblib").load(path)


def _load_torch(path: str) -> Any:
    torch = _needed("torch", "a .pth model", "torch")
    try:
        model = torch.load(path, map_location="cpu", weights_only=False)
    except TypeError:
        # Releases before 1.13 do not know weights_only.
        model = torch.load(path, map_location="cpu")
    if hasattr(model, "eval"):
        model.eval()
    return model


def _load_keras(path: str) -> Any:
    if _optional("keras") is not None:
        return _optional("keras").models.load_model(path)
    return _needed("tensorflow", "a Keras model", "tensorflow").keras.models.load_model(path)


def _load_onnx(path: str) -> Any:
    runtime = _needed("onnxruntime", "an .onnx model", "onnxruntime")
    return runtime.InferenceSession(path, providers=["CPUExecutionProvider"])


_LOADERS: Dict[str, Callable[[str], Any]] = {
    ".pkl": _load_pickle,
    ".joblib": _load_joblib,
    ".pth": _load_torch,
    ".h5": _load_keras,
    ".keras": _load_keras,
    ".onnx": _load_onnx,
}


def _optional(module: str) -> Optional[Any]:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def _needed(module: str, purpose: str, package: str) -> Any:
    loaded = _optional(module)
    if loaded is None:
        raise TaskProblem(
            "Loading %s needs %s, which the environment lacks." % (purpose, package),
            where="load_model",
            remedy="Add %s to requirements.txt." % package,
        )
    return loaded


def predict_with(model: Any, data: pd.DataFrame, labels: Optional[List[str]]) -> pd.DataFrame:
    """Predict with a model of a known library, as the platform does for a task without `score`.

    labels: the class labels of a classification, else None. Returns one column a class label, or the one column
    `Predictions`. Raises TaskProblem for an unknown object.
    """
    family = type(model).__module__.partition(".")[0]
    if family == "xgboost" and type(model).__name__ == "Booster":
        values = model.predict(importlib.import_module("xgboost").DMatrix(data))
    elif family == "onnxruntime":
        values = _run_onnx(model, data)
    elif family != "sklearn" and _is_torch_module(model):
        values = _run_torch(model, data)
    elif labels is not None and hasattr(model, "predict_proba"):
        # XGBoost takes nothing but 0, 1, 2… as classes, so they are a count and no labels.
        classes = None if family == "xgboost" else getattr(model, "classes_", None)
        return _labelled(model.predict_proba(data), classes, labels)
    elif hasattr(model, "predict") and (labels is None or family in (*KERAS_FAMILIES, "lightgbm")):
        values = model.predict(data.to_numpy(dtype=np.float32) if family in KERAS_FAMILIES else data)
    else:
        raise _unknown(model, "score", "predict_proba" if labels is not None else "predict")
    if labels is not None:
        return _labelled(values, None, labels)
    return pd.DataFrame({PREDICTION_COLUMN: np.asarray(values).reshape(len(data), -1)[:, 0]})


def transform_with(model: Any, data: pd.DataFrame) -> Any:
    """Apply a fitted scikit-learn object; returns a DataFrame or a sparse matrix."""
    if not hasattr(model, "transform"):
        raise _unknown(model, "transform", "transform")
    values = model.transform(data)
    if isinstance(values, pd.DataFrame) or is_sparse_matrix(values):
        return values
    try:
        names = [str(name) for name in model.get_feature_names_out()]
    except Exception:
        names = ["feature_%d" % number for number in range(np.shape(values)[1])]
    return pd.DataFrame(values, columns=names)


def _unknown(model: Any, hook: str, method: str) -> TaskProblem:
    kind = "%s.%s" % (type(model).__module__, type(model).__qualname__)
    return TaskProblem(
        "The model is a %s, which has no %s and is of no library that the platform applies by itself." % (kind, method),
        where=hook,
        remedy="Define %s(data, model%s)." % (hook, ", **kwargs" if hook == "score" else ""),
    )


def _is_torch_module(model: Any) -> bool:
    return any(base.__module__.startswith("torch.nn") or base.__module__ == "torch.jit" for base in type(model).__mro__)


def _run_torch(model: Any, data: pd.DataFrame) -> np.ndarray:
    torch = importlib.import_module("torch")
    with torch.no_grad():
        return model(torch.tensor(data.to_numpy(dtype=np.float32))).numpy()


def _run_onnx(session: Any, data: pd.DataFrame) -> np.ndarray:
    inputs = session.get_inputs()
    if len(inputs) == 1:
        feed = {inputs[0].name: data.to_numpy(dtype=np.float32)}
    else:
        feed = {entry.name: _onnx_column(data[entry.name], entry.type) for entry in inputs}
    # A classifier returns the labels first and the probabilities last.
    values = session.run(None, feed)[-1]
    if isinstance(values, list) and values and isinstance(values[0], dict):
        return pd.DataFrame(values).to_numpy()
    return np.asarray(values)


def _onnx_column(column: pd.Series, kind: str) -> np.ndarray:
    if kind == "tensor(string)":
        return column.to_numpy(dtype=object).reshape(-1, 1)
    return column.to_numpy(
        dtype={"tensor(int64)": np.int64, "tensor(double)": np.float64}.get(kind, np.float32)
    ).reshape(-1, 1)


def _labelled(values: Any, classes: Any, labels: List[str]) -> pd.DataFrame:
    """Name the columns of probabilities by the class labels.

    classes: the classes in the model's own order; None for libraries that only count them, where labels that are
    numbers count for themselves and other labels stand in the order that `fit` got them.
    """
    probabilities = np.asarray(values, dtype=float)
    probabilities = probabilities.reshape(len(probabilities), -1)
    if probabilities.shape[1] == 1 and len(labels) == 2:
        positive = next((label for label in labels if standard_label(label) == 1.0), labels[0])
        negative = labels[1] if positive == labels[0] else labels[0]
        frame = pd.DataFrame({positive: probabilities[:, 0], negative: 1 - probabilities[:, 0]})
        return frame[labels]
    if classes is None:
        numbered = {standard_label(label): label for label in labels}
        ordered = [numbered.get(float(number)) for number in range(len(labels))]
        names = labels if None in ordered else ordered
    else:
        known = {standard_label(label): label for label in labels}
        exact = {label: label for label in labels}
        names = [exact.get(str(one), known.get(standard_label(str(one)), str(one))) for one in classes]
    if probabilities.shape[1] != len(names):
        raise TaskProblem(
            "The model returns %d columns of probabilities for %d class labels." % (probabilities.shape[1], len(names)),
            where="score",
            remedy="Fit the model on all class labels, or define score(data, model, **kwargs).",
        )
    return pd.DataFrame(probabilities, columns=names)


def standard_label(label: str) -> Any:
    """Return a label in the form in which the platform compares: a number, else lower case text."""
    try:
        return float(label)
    except ValueError:
        lower = label.strip().lower()
    if lower in ("true", "yes", "on", "y", "t"):
        return 1.0
    if lower in ("false", "no", "off", "n", "f"):
        return 0.0
    return lower
