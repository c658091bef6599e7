"""The interfaces that a task of the class style derives from."""

from .interfaces import (
    AnomalyEstimatorInterface,
    BinaryEstimatorInterface,
    MulticlassEstimatorInterface,
    RegressionEstimatorInterface,
    Serializable,
    TransformerInterface,
)

__all__ = [
    "AnomalyEstimatorInterface",
    "BinaryEstimatorInterface",
    "MulticlassEstimatorInterface",
    "RegressionEstimatorInterface",
    "Serializable",
    "TransformerInterface",
]
