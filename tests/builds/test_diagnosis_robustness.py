"""No log makes the diagnosis raise, and none makes it take ages."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.builds.diagnosis import BuildLog, Declared, Facts, diagnose
from harness.builds.diagnosis.anchors import registered
from harness.builds.diagnosis.categories import CATEGORIES

LOGS = Path(__file__).parent / "logs"
# What an expression that looks back and forth takes for ever; one that does not takes a hundredth of it.
LONGEST_SECONDS = 60
REPEATED = 200
FRAGMENTS = (
    "a",
    " ",
    "(",
    "[a",
    "`",
    "'a",
    "a ",
    "a, ",
    "a-",
    "a.b",
    "==",
    "1.",
    "/a",
    "://a",
    "\n  a",
    "a==1 (from a) ",
)

requirements_text = st.lists(
    st.one_of(
        st.text(max_size=30), st.sampled_from(["toolz==1.0", "-r other.txt", "./toolz", "six; python_version > 3"])
    ),
    max_size=5,
).map("\n".join)


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """End a test that would go on for ever."""

    def give_up(*_: object) -> None:
        message = f"the diagnosis took more than {LONGEST_SECONDS} s"
        raise TimeoutError(message)

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LONGEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def facts(exit_code: int | None = 1) -> Facts:
    return Facts(Declared(), Declared(), exit_code)


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_text_that_goes_on_and_on_around_every_anchor_is_read_quickly(fragment: str) -> None:
    much = fragment * (REPEATED // len(fragment))
    lines = (f"{anchor}{much}\nERROR: {anchor} {much}{anchor}\n{much}{anchor}\n" for anchor in registered())
    assert diagnose(BuildLog.of("".join(lines)), facts()).category in CATEGORIES


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_one_endless_line_is_read_quickly(fragment: str) -> None:
    log = BuildLog.of(fragment * (600_000 // len(fragment)))
    assert diagnose(log, facts()).category in CATEGORIES


# Each of them once took an expression the square of its length, or more.
@pytest.mark.parametrize(
    "fragment",
    [
        "AAA[a]a is invalid:  ",
        "a-a ",
        "Collecting a(from a-r ",
        "Processing aAb-1",
        "Ignoring version a of a since it has invalid metadata:  ",
        "Double requirement given: a (from a(line 1)) (already in a",
        "Hash mismatch for `a` Expected: ",
        "Cannot uninstall 'a' a,,,,",
        "gdal-config ",
        ".",
        "\n",
    ],
)
@pytest.mark.parametrize("end", ["is invalid: ", "\n      error: failed\n"])
def test_what_expressions_stumble_over_is_read_quickly(fragment: str, end: str) -> None:
    line = fragment * (4_000 // len(fragment))
    log = BuildLog.of(f"{line}{end}\n" * 5 + "ERROR: Failed building wheel for a\n")
    assert diagnose(log, facts()).category in CATEGORIES


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), exit_code=st.sampled_from([None, 0, 1, 137, 124]))
def test_any_bytes_have_a_diagnosis(content: bytes, exit_code: int | None) -> None:
    assert diagnose(BuildLog.of(content), facts(exit_code)).category in CATEGORIES


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), wanted=requirements_text)
def test_any_order_of_known_words_has_a_diagnosis(data: st.DataObject, wanted: str, tmp_path: Path) -> None:
    word = st.one_of(
        st.sampled_from(registered()), st.text(max_size=12), st.sampled_from(["\n", "\n    ", "ERROR: ", "'"])
    )
    file = tmp_path / "requirements.txt"
    file.write_text(wanted, encoding="utf-8", errors="replace")
    log = BuildLog.of("".join(data.draw(st.lists(word, max_size=40))))
    declared = Declared.read(file)
    found = diagnose(log, Facts(declared, declared, data.draw(st.sampled_from([None, 1]))))
    assert found.category in CATEGORIES
    assert found.line_number is None or found.line_number >= 1


RECORDED = sorted(LOGS.glob("*/*.log"))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_half_a_log_has_a_diagnosis(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from(RECORDED)).read_bytes()
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(content)), st.integers(0, len(content)))))
    hole = data.draw(st.binary(max_size=20))
    assert diagnose(BuildLog.of(content[:start] + hole + content[end:]), facts(None)).category in CATEGORIES
    assert diagnose(BuildLog.of(content[start:end]), facts()).category in CATEGORIES


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\0" * 1000, b"\r" * 1000, b"\x1b[" * 1000, b"\xff" * 1000])
@pytest.mark.parametrize(
    ("exit_code", "category"), [(0, "none"), (1, "unknown"), (137, "out_of_memory"), (124, "timeout")]
)
def test_where_the_log_tells_nothing_the_exit_code_decides(content: bytes, exit_code: int, category: str) -> None:
    assert diagnose(BuildLog.of(content), facts(exit_code)).category == category


@pytest.mark.parametrize(
    "warning",
    [
        "WARNING: Retrying (Retry(total=4)) after connection broken by 'Connection refused': /simple/x/",
        "WARNING: The cache could not be written: [Errno 28] No space left on device",
        "warning: Failed to read metadata: Connection reset by peer",
        "ERROR: HTTP error 503 while getting http://index.example/toolz-1.0.tar.gz",
    ],
)
@pytest.mark.parametrize("exit_code", [0, None])
def test_a_trouble_that_the_build_got_over_is_no_cause(warning: str, exit_code: int | None) -> None:
    log = BuildLog.of(f"Collecting toolz\n  {warning}\nSuccessfully installed toolz-1.0.0\n")
    assert diagnose(log, facts(exit_code)).category == "none"


def test_a_try_that_succeeded_later_does_not_explain_another_failure() -> None:
    log = BuildLog.of(
        "WARNING: Retrying (Retry(total=4)) after connection broken by 'ReadTimeoutError(\"x\")': /simple/toolz/\n"
        "Collecting toolz\n"
        "ERROR: Could not find a version that satisfies the requirement six-extra (from versions: none)\n"
        "ERROR: No matching distribution found for six-extra\n"
    )
    assert diagnose(log, facts()).category == "no_such_package"
