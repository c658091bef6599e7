"""What a requirements file looks like with a change: everything else stays as it was."""

from pathlib import Path

import pytest

from harness.remedies.changes import Change, apply, as_diff
from harness.requirements import parse_requirements

TEXT = "# what we need\ntoolz==99  # for pipelines\n\nnumpy>=1, \\\n    <2\npandas; python_version < '4'\n"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            [Change(2, "toolz==1.0.0")],
            "# what we need\ntoolz==1.0.0  # for pipelines\n\nnumpy>=1, \\\n    <2\npandas; python_version < '4'\n",
            id="the comment stays",
        ),
        pytest.param(
            [Change(4, "numpy>=2")],
            "# what we need\ntoolz==99  # for pipelines\n\nnumpy>=2\npandas; python_version < '4'\n",
            id="a continued line becomes one",
        ),
        pytest.param(
            [Change(4, None), Change(6, "pandas<3; python_version < '4'")],
            "# what we need\ntoolz==99  # for pipelines\n\npandas<3; python_version < '4'\n",
            id="a line goes and another changes",
        ),
        pytest.param([Change(None, "scipy<2")], TEXT + "scipy<2\n", id="a line is added"),
    ],
)
def test_only_the_changed_lines_change(tmp_path: Path, changes: list[Change], expected: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(TEXT)
    assert apply(parse_requirements(file), TEXT, changes) == expected


def test_lines_keep_their_numbers_where_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(TEXT)
    changed = apply(parse_requirements(file), TEXT, [Change(2, None), Change(4, "numpy>=2")], keep_numbers=True)
    assert changed.splitlines() == ["# what we need", "", "", "numpy>=2", "", "pandas; python_version < '4'"]


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    text = "toolz\r\nnumpy\r\npandas"
    file.write_bytes(text.encode())
    changes = [Change(1, None), Change(2, "numpy<2"), Change(None, "scipy")]
    assert apply(parse_requirements(file), text, changes) == "numpy<2\r\npandas\r\nscipy\r\n"


def test_the_diff_shows_the_changed_line() -> None:
    diff = as_diff("a\nb\nc\nd\ne", "a\nb\nC\nd\ne")
    assert diff.splitlines()[2:] == ["@@ -2,3 +2,3 @@", " b", "-c", "+C", " d"]
