from pathlib import Path

import pytest

from harness.builds.pip_settings import config_files, pip_options, uv_environment


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://index.example/simple\ntimeout = 60\n"
        "[install]\nextra-index-url = https://a.example/simple\n  https://b.example/simple\nfind-links = /w1 /w2\n"
    )
    return file


def test_pip_conf_reaches_uv(config: Path, tmp_path: Path) -> None:
    found = uv_environment({"PIP_CONFIG_FILE": str(config), "HOME": str(tmp_path)})
    assert found["UV_DEFAULT_INDEX"] == "https://index.example/simple"
    assert found["UV_INDEX"] == "https://a.example/simple https://b.example/simple"
    assert found["UV_FIND_LINKS"] == "/w1,/w2"
    assert found["UV_INDEX_STRATEGY"] == "unsafe-best-match"


def test_variables_win_over_files_and_what_is_set_for_uv_wins_over_both(config: Path, tmp_path: Path) -> None:
    environ = {
        "PIP_CONFIG_FILE": str(config),
        "HOME": str(tmp_path),
        "PIP_INDEX_URL": "https://variable.example/simple",
        "UV_FIND_LINKS": "/mine",
    }
    found = uv_environment(environ)
    assert found["UV_DEFAULT_INDEX"] == "https://variable.example/simple"
    assert "UV_FIND_LINKS" not in found


def test_pip_can_be_told_to_read_no_file(tmp_path: Path) -> None:
    assert uv_environment({"PIP_CONFIG_FILE": "/dev/null", "HOME": str(tmp_path)}) == {}


def test_an_unreadable_pip_conf_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("index-url = without a section\n")
    found = uv_environment({"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "HOME": str(tmp_path)})
    assert "UV_DEFAULT_INDEX" not in found


def test_a_section_counts_more_than_the_strength_of_its_file(tmp_path: Path) -> None:
    weak, strong = tmp_path / ".config" / "pip" / "pip.conf", tmp_path / "venv" / "pip.conf"
    for file, text in (
        (weak, "[install]\ntimeout = 1\nretries = 1\n"),
        (strong, "[global]\ntimeout = 2\nproxy = 2\n[install]\nretries = 2\n"),
    ):
        file.parent.mkdir(parents=True)
        file.write_text(text)
    environ = {"HOME": str(tmp_path), "VIRTUAL_ENV": str(strong.parent), "PIP_PROXY": " "}
    found = pip_options(environ)
    assert (found["timeout"], found["retries"], found["proxy"]) == ("1", "2", "2")
    assert pip_options({**environ, "PIP_DEFAULT_TIMEOUT": "3"})["timeout"] == "3"


def test_a_named_config_file_replaces_the_users_own(config: Path, tmp_path: Path) -> None:
    own = tmp_path / ".pip" / "pip.conf"
    own.parent.mkdir()
    own.touch()
    assert own in config_files({"HOME": str(tmp_path)})
    assert own in config_files({"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(tmp_path / "missing")})
    assert own not in config_files({"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(config)})
