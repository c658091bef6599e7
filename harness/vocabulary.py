"""The platform's closed sets of words. No import beyond the standard library: the command line's help needs them."""

from __future__ import annotations

from enum import StrEnum


class TargetType(StrEnum):
    """What a task predicts, spelled as in model-metadata.yaml (the REST API capitalises the same words)."""

    BINARY = "binary"
    REGRESSION = "regression"
    MULTICLASS = "multiclass"
    ANOMALY = "anomaly"
    TRANSFORM = "transform"

    @property
    def is_classification(self) -> bool:
        return self in (TargetType.BINARY, TargetType.MULTICLASS)

    @property
    def needs_target(self) -> bool:
        """Tell whether fit insists on a target; a transform may have one, anomaly detection must not."""
        return self not in (TargetType.ANOMALY, TargetType.TRANSFORM)


class NetworkPolicy(StrEnum):
    """`outboundNetworkPolicy` of a task version: no network at all, or public addresses."""

    ISOLATED = "ISOLATED"
    PUBLIC = "PUBLIC"


class BuildStatus(StrEnum):
    """`buildStatus` of a dependency build."""

    SUBMITTED = "submitted"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"


class ConstraintType(StrEnum):
    """The only comparison operators that the platform's dependency records can hold."""

    LESS = "<"
    LESS_OR_EQUAL = "<="
    EQUAL = "=="
    GREATER_OR_EQUAL = ">="
    GREATER = ">"


class CheckStatus(StrEnum):
    """How a check ended; `skipped` says in its message why it could not run."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    SKIPPED = "skipped"
