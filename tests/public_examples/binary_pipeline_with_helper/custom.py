"""A two-class pipeline whose construction lies in a module of its own."""

import logging
import os
import pickle
from typing import Any, List, Optional

import numpy as np
import pandas as pd
from create_pipeline import make_classifier_pipeline

from datarobot_drum.drum.common import get_drum_logger

logger = get_drum_logger(logging.getLogger(__name__).name)


def fit(
    X: pd.DataFrame,
    y: pd.Series,
    output_dir: str,
    class_order: Optional[List[str]] = None,
    row_weights: Optional[np.ndarray] = None,
    **kwargs,
) -> None:
    logger.info("Training on %d rows with the classes %s", len(X), class_order)
    pipeline = make_classifier_pipeline(X)
    weights = {} if row_weights is None else {"classifier__sample_weight": row_weights}
    pipeline.fit(X, y, **weights)

    output_dir_path = output_dir
    if output_dir_path[-1] != "/":
        output_dir_path += "/"
    with open("{}artifact.pkl".format(output_dir_path), "wb") as fp:
        pickle.dump(pipeline, fp)


def load_model(code_dir: str) -> Any:
    artifact = os.path.join(code_dir, "artifact.pkl")
    with open(artifact, "rb") as fp:
        return pickle.load(fp)


def score(data: pd.DataFrame, model: Any, **kwargs) -> pd.DataFrame:
    positive = kwargs["positive_class_label"]
    negative = kwargs["negative_class_label"]
    labels = [str(label) for label in model.classes_]
    positive_column = labels.index(positive)
    probabilities = model.predict_proba(data)[:, positive_column]
    predictions = pd.DataFrame({positive: probabilities})
    predictions[negative] = 1 - predictions[positive]
    return predictions


def post_process(predictions: pd.DataFrame, model: Any) -> pd.DataFrame:
    # Never entirely sure of anything.
    return predictions.clip(0.001, 0.999)
