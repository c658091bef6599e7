"""The bundled samples: for a task without data, one that fits its target type and typeSchema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.data.bundled_sets import BundledName, BundledSet, read_bundled_set
from harness.data.model import SampleData
from harness.data.profiles import profile_columns
from harness.data.sample_columns import MAKERS, mostly_zero, truth, with_missing_values
from harness.errors import HarnessError
from harness.records import TargetType
from harness.tasks.model import DataType, SchemaRequirement, TypeSchema
from harness.tasks.schema_rules import allows_column_count

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 200
_MOST_COLUMNS = 100

# The ten means of breast cancer say enough; the other twenty columns would only make every run longer.
_MEASURES = 10

# How many columns of each type a sample has where the schema leaves it open; numbers: all measurements.
_USUAL_COUNTS = {DataType.CAT: 3, DataType.TXT: 1, DataType.DATE: 1}


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the sample must look like. counts: columns of each type, in order."""

    counts: dict[DataType, int]
    has_missing: bool
    is_sparse: bool


def choose_sample(target_type: TargetType, schema: TypeSchema | None) -> SampleData:
    """Return 100 to 200 rows of one of scikit-learn's data sets in a shape that the typeSchema's input asks for.

    binary and anomaly: breast cancer. multiclass: iris, or wine where more numbers are asked for. regression:
    diabetes. transform: breast cancer, its diagnosis as 0 and 1 for a target. Without a declared schema: numbers,
    dense, nothing missing. The same task gets the same sample each time.
    Raises HarnessError where no bundled sample can fit (images, locations, durations, over 100 columns).
    """
    requirements = schema.input_requirements if schema is not None and schema.declared else ()
    name = _set_name(target_type)
    shape = _shape(requirements, _usual_width(name))
    if name == "iris" and shape.counts.get(DataType.NUM, 0) > _usual_width("iris"):
        name = "wine"
    bundled = read_bundled_set(name)
    rows = _spread_rows(bundled)
    features = _features(bundled.features.iloc[rows, :_MEASURES].reset_index(drop=True), shape)
    target = _target(bundled.target.iloc[rows].reset_index(drop=True), target_type)
    labels = tuple(sorted(set(target))) if target is not None and target_type.is_classification else None
    return SampleData(
        source=f'bundled sample "{name}"{_variant(shape)}',
        format="mtx" if shape.is_sparse else "csv",
        features=features,
        target=target,
        class_labels=labels,
        columns=profile_columns(features),
    )


def _set_name(target_type: TargetType) -> BundledName:
    match target_type:
        case TargetType.MULTICLASS:
            return "iris"
        case TargetType.REGRESSION:
            return "diabetes"
        case _:
            return "breast cancer"


def _usual_width(name: BundledName) -> int:
    return 4 if name == "iris" else _MEASURES


def _shape(requirements: Iterable[SchemaRequirement], measures: int) -> _Shape:
    wanted = {field: [r for r in requirements if r.field == field] for field in _FIELDS}
    types = _makeable_types(wanted["data_types"])
    is_sparse = _says(wanted["sparse"], "REQUIRED")
    if is_sparse:
        if DataType.NUM not in types:
            raise _no_sample("sparse columns that are not numbers")
        types = [DataType.NUM]
    usual = {data_type: _USUAL_COUNTS.get(data_type, measures) for data_type in types}
    total = _column_count(wanted["number_of_columns"], sum(usual.values()))
    has_missing = _says(wanted["contains_missing"], "SUPPORTED")
    return _Shape(_counts(usual, total), has_missing and not is_sparse, is_sparse)


def _says(requirements: list[SchemaRequirement], word: str) -> bool:
    return any(word in _values(requirement) for requirement in requirements)


def _values(requirement: SchemaRequirement) -> tuple[str | int, ...]:
    return requirement.values  # noqa: PD011 - a field of ours, not of pandas


def _spelled(requirements: list[SchemaRequirement]) -> str:
    return " and ".join(f"{r.condition} {', '.join(map(str, _values(r)))}" for r in requirements)


_FIELDS = ("data_types", "sparse", "number_of_columns", "contains_missing")


def _makeable_types(requirements: list[SchemaRequirement]) -> list[DataType]:
    """Return the data types for the sample: all that are allowed and can be made; numbers where nothing is said."""
    if not requirements:
        return [DataType.NUM]
    types = list(MAKERS)
    for requirement in requirements:
        is_excluding = requirement.condition.startswith("NOT_")
        types = [data_type for data_type in types if (data_type in _values(requirement)) != is_excluding]
    if not types:
        raise _no_sample(f"data_types {_spelled(requirements)}")
    return types


def _column_count(requirements: list[SchemaRequirement], usual: int) -> int:
    """Return the allowed number of columns that is nearest to the usual one."""
    allowed = [
        count for count in range(1, _MOST_COLUMNS + 1) if all(allows_column_count(one, count) for one in requirements)
    ]
    if not allowed:
        raise _no_sample(f"number_of_columns {_spelled(requirements)}")
    return min(allowed, key=lambda count: (abs(count - usual), count))


def _counts(usual: dict[DataType, int], total: int) -> dict[DataType, int]:
    """Spread `total` columns over the types: at least one of each as far as they go, then as usual."""
    counts = dict.fromkeys(list(usual)[:total], 1)
    open_places = total - len(counts)
    for data_type in reversed(counts):
        more = min(usual[data_type] - 1, open_places)
        counts[data_type] += more
        open_places -= more
    first = next(iter(counts))
    counts[first] += open_places
    return counts


def _no_sample(what: str) -> HarnessError:
    return HarnessError(
        f"No bundled sample fits the task's typeSchema ({what}).",
        remedy="Pass data that fits with --input FILE.",
        file="model-metadata.yaml",
    )


def _spread_rows(bundled: BundledSet) -> list[int]:
    """Return row numbers: at most 200, each class with its share, evenly spread over the set.

    Where the set is sorted by class its classes take turns, so that the first rows have all of them.
    """
    total = len(bundled.target)
    if bundled.name == "diabetes":
        return [row * total // _ROWS for row in range(_ROWS)]
    keyed: list[tuple[float, int]] = []
    for members in bundled.target.groupby(bundled.target, sort=False).indices.values():
        share = min(len(members), round(len(members) * _ROWS / total))
        for place in range(share):
            row = int(members[place * len(members) // share])
            keyed.append((row if bundled.name == "breast cancer" else place / share, row))
    return [row for _, row in sorted(keyed)]


def _features(measured: pd.DataFrame, shape: _Shape) -> pd.DataFrame:
    import pandas as pd

    columns = [
        MAKERS[data_type](measured, index) for data_type, count in shape.counts.items() for index in range(count)
    ]
    if _has_truth(shape):
        columns[shape.counts[DataType.NUM] - 1] = truth(measured, shape.counts[DataType.NUM] - 1)
    features = pd.concat(columns, axis=1)
    if shape.is_sparse:
        return mostly_zero(features)
    return with_missing_values(features) if shape.has_missing else features


def _has_truth(shape: _Shape) -> bool:
    """Tell whether the last number becomes a boolean, which counts as number and as category."""
    return shape.counts.get(DataType.NUM, 0) > 1 and DataType.CAT in shape.counts


def _target(target: pd.Series, target_type: TargetType) -> pd.Series | None:
    match target_type:
        case TargetType.ANOMALY:
            return None
        case TargetType.TRANSFORM:
            # 0 and 1 suit a transform that was written for classes and one that was written for numbers.
            return (target == "malignant").astype(int)
        case _:
            return target


def _variant(shape: _Shape) -> str:
    if shape.is_sparse:
        return " as a sparse matrix"
    made = [str(data_type) for data_type in shape.counts if data_type is not DataType.NUM]
    parts = [f"{', '.join(made)} columns"] if made else []
    parts += ["missing values"] if shape.has_missing else []
    return f" with {' and '.join(parts)}" if parts else ""
