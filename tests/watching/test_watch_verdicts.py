"""Each round says what a validation from the start would say: real saves, each backend."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from watched_task import GOOD, RAISES, failed, watching

from harness import Settings, validate
from harness.backends import BACKENDS

MakeTask = Callable[..., Path]
ENVIRONMENT = Path(__file__).parents[2] / "environments" / "python3_sklearn"
# In the details of a check, `stage` is the slowest one.
OF_TIME = {"stage", "seconds", "cpuSeconds", "peakMemoryBytes", "cached", "buildStart", "buildEnd"}
# Where a venv run works has a name of its own each time.
RUN_FOLDER = re.compile(r"runs/\w+")
# The stage with the most of it is named, too.
MEASURED = re.compile(r"\d[\d.]* (m?s|[KMG]iB)\b( in [\w-]+| \([\w-]+\))?")
# Fit writes beside its code and into its environment, and fails where the fit of another round has done so.
LEAVES_TRACES = "import os\n\nimport helper\n" + GOOD.replace("model + ", "helper.SHIFT + model + ").replace(
    "**kwargs):\n    (Path",
    "**kwargs):\n"
    "    assert not Path('trace').exists() and 'TRACE' not in os.environ\n"
    "    os.environ['TRACE'] = '1'\n"
    "    Path('trace').touch()\n"
    "    (Path",
)


@pytest.fixture(params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def without_times(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: without_times(value) for name, value in document.items() if name not in OF_TIME}
    if isinstance(document, list):
        return [without_times(value) for value in document]
    return RUN_FOLDER.sub("runs/one", MEASURED.sub("so much", document)) if isinstance(document, str) else document


def differences(place: str, one: Any, other: Any) -> Iterator[str]:
    """Yield where two documents differ: the whole of both would be pages."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from differences(f"{place}.{name}", one[name], other[name])
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(f"{place}[{number}]", *pair)
    elif one != other:
        yield f"{place}: {one!r} is {other!r}"


def test_every_round_says_what_a_fresh_validation_says(make_task: MakeTask, tmp_path: Path, backend: str) -> None:
    task, data = make_task(GOOD), tmp_path / "data.csv"
    data.write_text("a,b,y\n" + "".join(f"{n},{n % 7},{n % 5}\n" for n in range(60)))
    custom = task / "custom.py"
    own, fresh = tmp_path / "own", tmp_path / "fresh"
    saves: list[tuple[Callable[[], object], list[str]]] = [
        (lambda: custom.write_text(RAISES), ["predict"]),
        (lambda: custom.write_text("def fit(X, y:\n"), ["hooks"]),
        (lambda: write_helper_and(custom, LEAVES_TRACES), []),
        (lambda: (task / "helper.py").write_text("SHIFT = float('nan')\n"), ["finite_values"]),
        (lambda: (task / "helper.py").write_text("SHIFT = 2.0\n"), []),
        (lambda: data.write_text(data.read_text().replace("y", "target", 1)), []),
        (lambda: data.write_text(data.read_text().replace("target", "y", 1)), []),
    ]
    with watching(task, "--json", "--input", data, "--target", "y", "--output", own, backend=backend) as watch:
        assert watch.report()["verdict"] == "passed"
        for save, expected in saves:
            save()
            report = watch.report()
            if report["verdict"] == "error":
                assert "'y'" in report["error"]["message"]
                continue
            assert failed(report) == expected
            anew = validate(task, Settings(input=data, target="y", backend=backend, output=fresh))
            document = json.loads(anew.model_dump_json(by_alias=True))
            report_elsewhere = json.loads(json.dumps(report).replace(str(own), str(fresh)))
            assert list(differences("report", without_times(report_elsewhere), without_times(document))) == []
            assert json.loads((own / "report.json").read_text()) == report
        assert watch.interrupt() == 130


def write_helper_and(custom: Path, text: str) -> None:
    (custom.parent / "helper.py").write_text("SHIFT = 1.0\n")
    custom.write_text(text)


def test_other_requirements_are_installed_and_imported(make_task: MakeTask) -> None:
    task = make_task(GOOD)
    with watching(task, "--json") as watch:
        assert watch.report()["dependencies"] == []
        (task / "custom.py").write_text("import iniconfig\n" + GOOD)
        assert "fit" in failed(watch.report())
        (task / "requirements.txt").write_text("iniconfig==2.0.0\n")
        report = watch.report()
        assert report["verdict"] == "passed"
        assert [record["packageName"] for record in report["dependencies"]] == ["iniconfig"]
        (task / "model-metadata.yaml").write_text("name: tried\ntype: training\ntargetType: binary\n")
        report = watch.report()
        assert report["task"]["targetType"] == "binary"
        assert report["verdict"] == "failed"


def test_what_a_custom_environment_binds_is_installed_again(make_task: MakeTask, tmp_path: Path) -> None:
    task = make_task(
        "from importlib.metadata import version\n\nassert version('iniconfig') == '2.1.0'\n" + GOOD,
        requirements="iniconfig\n",
    )
    environment = shutil.copytree(ENVIRONMENT, tmp_path / "environment")
    (environment / "constraints.txt").write_text("iniconfig==2.0.0\n")
    with watching(task, "--json", "--env", environment) as watch:
        assert failed(watch.report()) == ["fit"]
        (environment / "constraints.txt").write_text("iniconfig==2.1.0\n")
        assert watch.report()["verdict"] == "passed"
