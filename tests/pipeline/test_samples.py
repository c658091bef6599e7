"""Every sample task passes, every broken one fails in the way that its README says, alike on every backend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness import Report, Settings, validate
from harness.backends import BACKENDS
from harness.records import CheckStatus, TargetType

CHECKOUT = Path(__file__).parents[2]
SAMPLES = sorted(file.parent for file in (CHECKOUT / "sample_tasks").glob("*/custom.py"))
BROKEN = sorted(file.parent for file in (CHECKOUT / "sample_tasks" / "broken").glob("*/README.md"))
PUBLIC_EXAMPLES = sorted(file.parent for file in (CHECKOUT / "tests" / "public_examples").glob("*/custom.py"))
# What the command line says of the examples that have no model-metadata.yaml.
WITHOUT_METADATA = {
    "binary_pipeline_with_helper": TargetType.BINARY,
    "transform_target_encoding": TargetType.TRANSFORM,
}


def names(folder: Path) -> str:
    return folder.name


def test_there_are_as_many_samples_as_promised() -> None:
    assert len(SAMPLES) >= 10
    assert len(BROKEN) >= 8
    assert len(PUBLIC_EXAMPLES) >= 3


@pytest.mark.parametrize("folder", [*SAMPLES, *PUBLIC_EXAMPLES], ids=names)
def test_a_sample_passes_with_the_same_output_everywhere(folder: Path, tmp_path: Path) -> None:
    outputs = []
    for backend in BACKENDS:
        settings = Settings(output=tmp_path / backend, target_type=WITHOUT_METADATA.get(folder.name), backend=backend)
        report = validate(folder, settings)
        problems = {check.id: check.message for check in report.checks if check.status is CheckStatus.FAILED}
        assert problems == {}, backend
        assert report.exit_code == 0
        assert [stage.status for stage in report.stages] == ["passed"] * len(report.stages)
        outputs.append(read_output(report))
    for other in outputs[1:]:
        # Two builds of the same release may add up in another order.
        np.testing.assert_allclose(other, outputs[0], rtol=1e-6, atol=1e-9)


def read_output(report: Report) -> np.ndarray:
    """Return the values that the task returned for all rows."""
    file = report.outputs.predictions or report.outputs.transformed
    assert file is not None
    if file.endswith(".mtx"):
        from scipy.io import mmread

        return np.asarray(mmread(file).todense())
    frame = pd.read_csv(file)
    values: np.ndarray = frame.apply(pd.to_numeric).to_numpy(dtype=float)
    return values


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("folder", BROKEN, ids=names)
def test_a_broken_sample_fails_as_its_readme_says(folder: Path, backend: str, tmp_path: Path) -> None:
    expected = (folder / "README.md").read_text().splitlines()[0].removeprefix("Fails: ").split(" ")[0]
    report = validate(folder, Settings(output=tmp_path, backend=backend))
    failed = report.checks_with(CheckStatus.FAILED)
    assert [check.id for check in failed] == [expected]
    assert failed[0].message
    assert failed[0].remedy
    assert report.exit_code == (3 if expected == "dependency_build" else 1)
    assert (tmp_path / "logs.tar.gz").is_file()
