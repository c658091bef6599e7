from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.findings import Severity
from harness.tasks import read_task

FIT = "def fit(X, y, output_dir, **kwargs):\n    pass\n"
MakeTask = Callable[..., Path]


def test_a_whole_task_is_read(make_task: MakeTask) -> None:
    folder = make_task(
        FIT + "def score(data, model, **kwargs): ...\n",
        metadata="name: My task\ntype: training\ntargetType: regression\n",
        requirements="scikit-learn>=1.5\n",
        **{"readme.md": "hello"},
    )
    task = read_task(folder)
    assert task.findings == ()
    assert task.errors == ()
    assert task.folder == folder
    assert task.name == "My task"
    assert (task.language, task.code_file) == ("python", "custom.py")
    assert [file.path for file in task.files] == ["custom.py", "model-metadata.yaml", "readme.md", "requirements.txt"]
    assert task.hooks.names == ("fit", "score")
    assert [dependency.package_name for dependency in task.requirements.dependencies] == ["scikit-learn"]


def test_metadata_and_requirements_are_optional_and_the_folder_gives_the_name(tmp_path: Path) -> None:
    (tmp_path / "ridge").mkdir()
    (tmp_path / "ridge" / "custom.py").write_text(FIT)
    task = read_task(tmp_path / "ridge")
    assert task.name == "ridge"
    assert task.metadata.file is None
    assert task.requirements.dependencies == ()
    assert task.errors == ()


def test_an_r_task_is_read(tmp_path: Path) -> None:
    (tmp_path / "custom.R").write_text("fit <- function(X, y, output_dir, ...) { }\n")
    (tmp_path / "requirements.txt").write_text("dplyr\n")
    task = read_task(tmp_path)
    assert (task.language, task.code_file, task.hooks.names) == ("r", "custom.R", ("fit",))
    assert task.requirements.language == "r"
    assert task.errors == ()


def refusal(folder: Path) -> HarnessError:
    with pytest.raises(HarnessError) as caught:
        read_task(folder)
    assert caught.value.exit_code == 2
    assert caught.value.finding.remedy
    assert caught.value.finding.file == str(folder)
    return caught.value


def test_a_missing_folder(tmp_path: Path) -> None:
    assert "no such task folder" in str(refusal(tmp_path / "none"))


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "custom.py"
    file.touch()
    error = refusal(file)
    assert "this is a file" in str(error)
    assert str(tmp_path) in error.finding.remedy


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "no files" in str(refusal(tmp_path))


def test_a_folder_with_hidden_files_only(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").touch()
    assert "no files" in str(refusal(tmp_path))


@pytest.mark.parametrize(
    ("names", "message", "remedy"),
    [
        pytest.param(["readme.md"], "no custom.py and no custom.R", "Write custom.py", id="neither"),
        pytest.param(["custom.py", "custom.R"], "both custom.py and custom.R", "Delete one", id="both"),
        pytest.param(["Custom.py"], "no custom.py", "Rename Custom.py to custom.py.", id="case"),
        pytest.param(["custom.r"], "no custom.py", "Rename custom.r to custom.R.", id="r-case"),
        pytest.param(["inner/custom.py"], "no custom.py", "inner", id="one-level-down"),
        pytest.param(["custom.py", "a/custom.py", "b/custom.py"], "3 files named custom.py", "Rename", id="several"),
    ],
)
def test_not_exactly_one_code_file(tmp_path: Path, names: list[str], message: str, remedy: str) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    error = refusal(tmp_path)
    assert message in str(error)
    assert remedy in error.finding.remedy


def test_a_second_custom_py_that_is_left_out_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "custom.py").write_text(FIT)
    (tmp_path / "custom.py").write_text(FIT)
    (tmp_path / ".harnessignore").write_text("old/\n")
    assert read_task(tmp_path).errors == ()


@pytest.mark.parametrize("ignored", ["*.py\n", "*\n"])
def test_a_custom_py_that_is_left_out_is_named(tmp_path: Path, ignored: str) -> None:
    (tmp_path / "custom.py").write_text(FIT)
    (tmp_path / "readme.md").touch()
    (tmp_path / ".harnessignore").write_text(ignored)
    assert ".harnessignore" in refusal(tmp_path).finding.remedy


def test_all_problems_are_shown_at_once(make_task: MakeTask) -> None:
    folder = make_task("def fit(:\n", metadata="type: inference\n", **{"model-metadata.yml": ""})
    (folder / "link").symlink_to("/etc")
    task = read_task(folder)
    assert [(finding.file, finding.line) for finding in task.findings] == [
        ("link", None),
        ("custom.py", 1),
        ("model-metadata.yml", None),
    ]
    assert len(task.errors) == 5
    assert [finding.line for finding in task.metadata.findings] == [1, 1, 1]


def test_requirements_that_cannot_be_read_are_a_finding(make_task: MakeTask) -> None:
    folder = make_task(FIT)
    (folder / "requirements.txt").write_bytes(b"\xff\xfe\x00\xd8a")
    task = read_task(folder)
    assert task.requirements.dependencies == ()
    [finding] = task.errors
    assert finding.file == "requirements.txt"
    assert "UTF-16" in finding.message


def test_the_interface_of_another_target_type_is_a_warning(make_task: MakeTask) -> None:
    custom = (
        "from datarobot_drum.custom_task_interfaces import AnomalyEstimatorInterface\n"
        "class CustomTask(AnomalyEstimatorInterface):\n"
        "    def fit(self, X, **kwargs): ...\n"
        "    def predict(self, X, **kwargs): ...\n"
    )
    [finding] = read_task(make_task(custom)).findings
    assert (finding.file, finding.line, finding.severity) == ("custom.py", 2, Severity.WARNING)
    assert "AnomalyEstimatorInterface" in finding.message
    assert "targetType regression" in finding.message
    assert "RegressionEstimatorInterface" in finding.remedy


def test_the_target_type_decides_which_labels_the_score_hook_gets(make_task: MakeTask) -> None:
    custom = FIT + "def score(data, model, target_type): ...\n"
    metadata = "name: x\ntype: training\ntargetType: {}\n"
    assert read_task(make_task(custom, metadata=metadata.format("regression"), name="a")).errors == ()
    [finding] = read_task(make_task(custom, metadata=metadata.format("binary"), name="b")).errors
    assert '"positive_class_label"' in finding.message


def test_metadata_that_is_no_regular_file_is_never_opened(make_task: MakeTask) -> None:
    folder = make_task(FIT)
    (folder / "model-metadata.yaml").unlink()
    (folder / "model-metadata.yaml").symlink_to("/dev/zero")
    [finding] = read_task(folder).findings
    assert finding.file == "model-metadata.yaml"


def test_nothing_of_the_task_is_run(make_task: MakeTask) -> None:
    folder = make_task("import sys, pathlib\npathlib.Path(__file__).with_name('ran').touch()\nsys.exit(3)\n" + FIT)
    assert read_task(folder).errors == ()
    assert not (folder / "ran").exists()


def test_reading_tasks_imports_nothing_heavy() -> None:
    code = "import sys, harness.tasks; print([m for m in ('pandas', 'numpy', 'sklearn', 'scipy') if m in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert output.strip() == "[]"
