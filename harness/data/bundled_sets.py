"""The data sets that come with scikit-learn, read from its files without importing it.

Importing scikit-learn takes seconds; its data lies beside its code as plain CSV.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.errors import HarnessError

if TYPE_CHECKING:
    import pandas as pd

BundledName = Literal["breast cancer", "iris", "wine", "diabetes"]

_CELL_MEASURES = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)
# Names as scikit-learn gives them, in the order of its files.
_FEATURES: dict[BundledName, tuple[str, ...]] = {
    "breast cancer": (
        *(f"mean {measure}" for measure in _CELL_MEASURES),
        *(f"{measure} error" for measure in _CELL_MEASURES),
        *(f"worst {measure}" for measure in _CELL_MEASURES),
    ),
    "iris": ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
    "wine": (
        "alcohol",
        "malic_acid",
        "ash",
        "alcalinity_of_ash",
        "magnesium",
        "total_phenols",
        "flavanoids",
        "nonflavanoid_phenols",
        "proanthocyanins",
        "color_intensity",
        "hue",
        "od280/od315_of_diluted_wines",
        "proline",
    ),
    "diabetes": ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
}
_CLASS_FILES: dict[BundledName, tuple[str, str]] = {
    "breast cancer": ("breast_cancer.csv", "diagnosis"),
    "iris": ("iris.csv", "species"),
    "wine": ("wine_data.csv", "cultivar"),
}


@dataclass(frozen=True, slots=True)
class BundledSet:
    """One data set: measurements (rows, features), all numeric, and its target, class names as text."""

    name: BundledName
    features: pd.DataFrame
    target: pd.Series


def read_bundled_set(name: BundledName) -> BundledSet:
    """Read one of scikit-learn's data sets, whole and in its order; diabetes with its raw, unscaled values.

    Raises HarnessError when scikit-learn keeps its data elsewhere.
    """
    import pandas as pd

    folder = _data_folder()
    try:
        if name == "diabetes":
            features = pd.read_csv(folder / "diabetes_data_raw.csv.gz", sep=" ", header=None)
            target = pd.read_csv(folder / "diabetes_target.csv.gz", header=None).iloc[:, 0]
            target.name = "disease progression"
        else:
            file, target_name = _CLASS_FILES[name]
            with (folder / file).open(encoding="utf-8") as lines:
                # The first line is: rows, features, and what the classes 0, 1, ... are called.
                class_names = next(lines).strip().split(",")[2:]
                table = pd.read_csv(lines, header=None)
            target = table.pop(table.columns[-1]).map(dict(enumerate(class_names)))
            target.name = target_name
            features = table
    except OSError as error:
        raise HarnessError(
            f"The bundled sample {name!r} cannot be read: {error}.",
            remedy="Pass your own data with --input FILE.",
        ) from error
    features.columns = list(_FEATURES[name])
    return BundledSet(name, features, target)


def _data_folder() -> Path:
    spec = find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise HarnessError(
            "scikit-learn, whose data sets are the bundled samples, is not installed.",
            remedy="Install scikit-learn, or pass your own data with --input FILE.",
        )
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data"
