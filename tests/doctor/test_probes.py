"""Single probes on files and settings that a machine may have."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.builds.pip_settings import option_sources
from harness.doctor.engine import probe_buildkit
from harness.doctor.machine import probe_watching
from harness.doctor.model import Fact, Status, ok
from harness.doctor.network import (
    index_probes,
    judge_bundle,
    probe_certificates,
    probe_index_settings,
    probe_proxies,
    without_credentials,
)
from harness.doctor.probing import run_probes
from harness.doctor.storage import probe_cache_sizes, room_at
from harness.errors import HarnessError

CERTIFICATES = Path(__file__).parent / "certificates"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("http://bob:secret@proxy.example", "http://****@proxy.example"),
        ("http://bob:se@cr/et@proxy.example/", "http://****@proxy.example/"),
        ("bob:secret@proxy.example", "****@proxy.example"),
        ("https://token@files.example/simple?key=abc", "https://****@files.example/simple?****"),
        ("", ""),
    ],
)
def test_what_could_be_a_secret_in_a_url_is_hidden(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def test_expired_certificates_are_named(tmp_path: Path) -> None:
    bundle = tmp_path / "both.pem"
    bundle.write_text("".join((CERTIFICATES / name).read_text() for name in ("expired.pem", "valid.pem")))
    found = judge_bundle(bundle, "SSL_CERT_FILE")
    assert found.status is Status.WARNING
    assert found.message == f"{bundle} (SSL_CERT_FILE), 2 certificates, 1 expired: Company root of 2020"
    assert found.details["expired"] == ["Company root of 2020"]


@pytest.mark.parametrize(
    ("name", "status"), [("valid.pem", Status.OK), ("expired.pem", Status.MISSING)], ids=["valid", "expired"]
)
def test_a_bundle_of_one_certificate(name: str, status: Status) -> None:
    found = judge_bundle(CERTIFICATES / name, "SSL_CERT_FILE")
    assert (found.status, found.details["certificates"]) == (status, 1)


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_certificates_cannot_be_used(tmp_path: Path, content: str) -> None:
    (tmp_path / "ca.pem").write_text(content)
    found = judge_bundle(tmp_path / "ca.pem", "PIP_CERT")
    assert found.status is Status.MISSING
    assert found.message.startswith(f"{tmp_path / 'ca.pem'} (PIP_CERT) cannot be used")
    assert found.remedy


def test_each_setting_of_the_index_is_told_with_the_place_that_wins(tmp_path: Path) -> None:
    (tmp_path / "pip").mkdir()
    file = tmp_path / "pip" / "pip.conf"
    file.write_text("[global]\nindex-url = https://a.example/simple\ntrusted-host = a.example\ntimeout = 5\n")
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text('[[index]]\nurl = "https://c.example/simple"\n')
    environ = {
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_CONFIG_DIRS": str(tmp_path / "none"),
        "VIRTUAL_ENV": str(tmp_path),
        "HOME": str(tmp_path),
        "PIP_INDEX_URL": "https://b.example/simple",
    }
    # What this machine's own /etc/pip.conf says besides is weaker, and comes on top.
    sources = option_sources(environ)
    assert [sources[name] for name in ("index-url", "trusted-host", "timeout")] == [
        "PIP_INDEX_URL",
        str(file),
        str(file),
    ]
    (found,) = probe_index_settings(environ)
    assert "index-url https://b.example/simple; " in found.message
    assert found.details["options"]["trusted-host"] == "a.example"
    assert {"PIP_INDEX_URL", str(file), str(tmp_path / "uv" / "uv.toml")} <= {*found.details["sources"]}


def test_an_index_that_answers_is_told(tmp_path: Path) -> None:
    (tmp_path / "six").mkdir()
    (tmp_path / "six" / "index.html").touch()
    environ = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": tmp_path.as_uri()}
    ((name, probe),) = index_probes(environ).items()
    (found,) = probe()
    assert (name, found.status) == (f"index {tmp_path.as_uri()}/", Status.OK)


def test_without_an_index_nothing_is_asked() -> None:
    (probe,) = index_probes({"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}).values()
    (found,) = probe()
    assert found.message == "pip is told to use no index"


def test_passwords_of_proxies_are_hidden() -> None:
    environ = {"HTTPS_PROXY": "http://bob:p@ss/w0rd@proxy.example:3128", "https_proxy": "eve:t0ken@proxy:1"}
    (found,) = probe_proxies(environ)
    assert found.details["proxies"] == {
        "HTTPS_PROXY": "http://****@proxy.example:3128",
        "https_proxy": "****@proxy:1",
    }
    assert found.message == "HTTPS_PROXY=http://****@proxy.example:3128, https_proxy=****@proxy:1"


def test_a_certificate_file_that_is_not_there_is_named() -> None:
    environ = {"PIP_CONFIG_FILE": os.devnull, "REQUESTS_CA_BUNDLE": "/nowhere/ca.pem"}
    named, *_ = probe_certificates(environ)
    assert named.status is Status.WARNING
    assert named.message.startswith("REQUESTS_CA_BUNDLE names /nowhere/ca.pem")


@pytest.mark.parametrize(
    ("watches", "instances", "status"),
    [("192536", "128", Status.OK), ("4096", "128", Status.WARNING), ("192536", "8", Status.WARNING)],
)
def test_few_watches_are_a_warning(tmp_path: Path, watches: str, instances: str, status: Status) -> None:
    (tmp_path / "max_user_watches").write_text(f"{watches}\n")
    (tmp_path / "max_user_instances").write_text(f"{instances}\n")
    (found,) = probe_watching(tmp_path)
    assert found.status is status


def test_sizes_of_the_cache_are_by_folder_and_count_a_file_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path))
    for folder in ("venvs", "output"):
        (tmp_path / folder / "deep").mkdir(parents=True)
    (tmp_path / "venvs" / "deep" / "one").write_bytes(bytes(2048))
    (tmp_path / "venvs" / "other").hardlink_to(tmp_path / "venvs" / "deep" / "one")
    (tmp_path / "output" / "report").write_bytes(bytes(1024))
    (found,) = probe_cache_sizes()
    assert found.details == {"sizesInBytes": {"output": 1024, "venvs": 2048}, "complete": True}
    assert found.message.startswith("3 KiB (output 1 KiB, venvs 2 KiB)")


def test_a_place_that_is_no_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = room_at("cache", tmp_path / "file" / "below", "Choose another.")
    assert (found.status, found.remedy) == (Status.MISSING, "Choose another.")


@pytest.mark.parametrize(
    ("script", "status"),
    [
        pytest.param('[ "$1" = buildx ]', Status.OK, id="plugin"),
        pytest.param(
            '[ "$1" = --version ] && echo "Docker version 20.10.24+dfsg1, build 297e128"', Status.OK, id="old"
        ),
        pytest.param('[ "$1" = --version ] && echo "Docker version 28.2.2, build e6534b4"', Status.WARNING, id="bare"),
        pytest.param("exit 3", Status.WARNING, id="broken"),
    ],
)
def test_buildkit_is_looked_for_in_the_docker_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, status: Status
) -> None:
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = probe_buildkit()
    assert found.status is status


def test_one_probe_that_hangs_or_fails_keeps_none_of_the_others() -> None:
    ended = threading.Event()

    def hangs() -> Iterator[Fact]:
        ended.wait()
        yield ok("late", "too late")

    def fails() -> Iterator[Fact]:
        raise LookupError("no\nsuch thing")

    def refuses() -> Iterator[Fact]:
        raise HarnessError("is damaged", remedy="Repair it.")

    probes = {
        "good": lambda: [ok("good", "here")],
        "index a.example": lambda: tuple(hangs()),
        "bad": lambda: tuple(fails()),
        "refused": lambda: tuple(refuses()),
        "nothing": lambda: (),
    }
    found = run_probes(probes, seconds=0.3)
    ended.set()
    assert list(found) == list(probes)
    assert [fact.message for fact in found["good"]] == ["here"]
    assert [(fact.name, fact.message) for fact in found["index a.example"]] == [
        ("index", "a.example: no answer within 0.3 s")
    ]
    assert [fact.message for fact in found["bad"]] == ["could not be examined: no such thing"]
    assert [(fact.message, fact.remedy) for fact in found["refused"]] == [("is damaged", "Repair it.")]
    assert found["nothing"] == ()
