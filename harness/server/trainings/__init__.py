"""From a version's files to a trained model: a validation as `harness validate` makes it, read as a training."""

from harness.server.trainings.order import TARGET_TYPES, TrainingOrder
from harness.server.trainings.training import Training, train

__all__ = ["TARGET_TYPES", "Training", "TrainingOrder", "train"]
