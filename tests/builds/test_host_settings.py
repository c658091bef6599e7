import configparser
import netrc
import os
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.builds.host_settings import HostSettings, read_host_settings

FOLDER = "/settings"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., HostSettings]:
    """Give a function that reads the settings of a machine with this pip.conf, netrc and these variables."""

    def read_settings(pip_conf: str = "", netrc_text: str = "", **variables: str) -> HostSettings:
        (tmp_path / "pip.conf").write_text(pip_conf)
        (tmp_path / ".netrc").write_text(netrc_text)
        config = str(tmp_path / "pip.conf") if pip_conf else os.devnull
        return read_host_settings({"PIP_CONFIG_FILE": config, "HOME": str(tmp_path), **variables})

    return read_settings


def in_container(settings: HostSettings) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    parser.read_string(settings.files(FOLDER)["pip.conf"].decode())
    return dict(parser["global"])


def test_pip_conf_and_variables_are_merged_as_pip_does(read: Callable[..., HostSettings]) -> None:
    settings = read(
        "[install]\nindex-url = https://install.example/simple\n"
        "[global]\nindex-url = https://global.example/simple\nextra-index-url = https://a.example\n  https://b.example\n"
        "timeout = 20\nretries = 1\nprefer_binary = true\n",
        PIP_DEFAULT_TIMEOUT="180",
        PIP_RETRIES="",
        PIP_TRUSTED_HOST="a.example b.example",
        PIP_NO_BINARY="numpy,pandas",
        PIP_CACHE_DIR="/not/handed/on",
    )
    found = in_container(settings)
    found.pop("cert", None)
    assert found == {
        "index-url": "https://install.example/simple",
        "extra-index-url": "https://a.example https://b.example",
        "timeout": "180",
        "retries": "1",
        "prefer-binary": "true",
        "trusted-host": "a.example b.example",
        "no-binary": "numpy,pandas",
    }
    assert settings.needs_injection


def test_a_machine_without_settings_needs_nothing(read: Callable[..., HostSettings]) -> None:
    settings = read()
    assert not settings.needs_injection
    assert not settings.proxies
    assert not settings.notes
    assert not settings.ca_is_explicit


def test_link_folders_are_handed_on_and_other_local_places_are_noted(
    read: Callable[..., HostSettings], tmp_path: Path
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    settings = read(
        PIP_INDEX_URL=f"file://{tmp_path}/simple",
        PIP_EXTRA_INDEX_URL=f"https://index.example/simple {tmp_path}/mirror",
        PIP_FIND_LINKS=f"{wheels} file://{wheels} https://links.example/ {tmp_path}/missing",
    )
    assert settings.links(FOLDER) == {"/settings/links/0": wheels}
    found = in_container(settings)
    assert found["find-links"] == "/settings/links/0 https://links.example/"
    assert found["extra-index-url"] == "https://index.example/simple"
    assert "index-url" not in found
    assert len(settings.notes) == 3
    for option, path in (("index-url", "simple"), ("extra-index-url", "mirror"), ("find-links", "missing")):
        assert any(note.startswith(f"{option} {tmp_path / path} ") for note in settings.notes)


def test_the_first_ca_bundle_that_exists_is_used_everywhere(read: Callable[..., HostSettings], tmp_path: Path) -> None:
    bundle = tmp_path / "company.pem"
    bundle.write_bytes(b"certificates")
    settings = read(
        f"[global]\ncert = {tmp_path}/gone.pem\n",
        REQUESTS_CA_BUNDLE=str(bundle),
        SSL_CERT_FILE=str(tmp_path / "other.pem"),
    )
    assert settings.ca_bundle == bundle
    assert settings.ca_is_explicit
    assert settings.needs_injection
    assert settings.files(FOLDER)["ca.pem"] == b"certificates"
    assert in_container(settings)["cert"] == "/settings/ca.pem"
    assert settings.files(FOLDER)["apt.conf"] == b'Acquire::https::CAInfo "/settings/ca.pem";\n'
    variables = settings.variables(FOLDER)
    assert variables["APT_CONFIG"] == "/settings/apt.conf"
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        assert variables[name] == "/settings/ca.pem"
    assert settings.notes == (f"pip's cert names {tmp_path}/gone.pem, which is no readable file here; it is not used.",)


def test_the_systems_bundle_stands_in_on_linux(
    read: Callable[..., HostSettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "system.pem"
    bundle.touch()
    monkeypatch.setenv(ssl.get_default_verify_paths().openssl_cafile_env, str(bundle))
    monkeypatch.setattr("sys.platform", "linux")
    assert read().ca_bundle == bundle
    assert not read().ca_is_explicit
    monkeypatch.setattr("sys.platform", "darwin")
    assert read().ca_bundle is None


def test_client_certificate(read: Callable[..., HostSettings], tmp_path: Path) -> None:
    certificate = tmp_path / "mine.pem"
    certificate.write_bytes(b"key")
    settings = read(PIP_CLIENT_CERT=str(certificate))
    assert settings.files(FOLDER)["client.pem"] == b"key"
    assert in_container(settings)["client-cert"] == "/settings/client.pem"
    assert settings.needs_injection


def test_netrc_is_reduced_to_the_hosts_of_the_indexes(read: Callable[..., HostSettings], tmp_path: Path) -> None:
    settings = read(
        netrc_text='machine index.example login me password "with blank \\" and \\\\"\n'
        "machine elsewhere.example login me password unrelated\n"
        "default login anyone password everywhere\n",
        PIP_INDEX_URL="https://index.example:8443/simple",
        PIP_EXTRA_INDEX_URL="https://second.example/simple",
    )
    file = tmp_path / "handed-on"
    file.write_bytes(settings.files(FOLDER)["netrc"])
    handed_on = netrc.netrc(file)
    assert handed_on.hosts == {
        "index.example": ("me", "", 'with blank " and \\'),
        "second.example": ("anyone", "", "everywhere"),
    }
    assert settings.variables(FOLDER)["NETRC"] == "/settings/netrc"
    assert settings.secrets == {'with blank " and \\', "everywhere"}


def test_an_unreadable_netrc_is_passed_over(read: Callable[..., HostSettings]) -> None:
    settings = read(netrc_text="machine", PIP_INDEX_URL="https://index.example/simple")
    assert "netrc" not in settings.files(FOLDER)
    assert "NETRC" not in settings.variables(FOLDER)


def test_proxies_are_kept_apart_under_the_names_that_are_set(read: Callable[..., HostSettings]) -> None:
    settings = read(HTTPS_PROXY="http://proxy.example:3128", no_proxy="index.example", http_proxy="")
    assert settings.proxies == {"HTTPS_PROXY": "http://proxy.example:3128", "no_proxy": "index.example"}
    assert not settings.needs_injection
    assert read(HTTPS_PROXY="http://me:password@proxy.example:3128").needs_injection


def test_what_a_container_cannot_reach_is_noted(read: Callable[..., HostSettings]) -> None:
    settings = read(PIP_INDEX_URL="http://me:word@localhost:3141/index", https_proxy="http://127.0.0.1:3128")
    assert settings.notes == (
        "localhost:3141 is this machine itself, which a container does not reach under that name.",
        "127.0.0.1:3128 is this machine itself, which a container does not reach under that name.",
    )


def test_credentials_are_in_no_variable_and_in_no_repr(read: Callable[..., HostSettings]) -> None:
    settings = read(
        netrc_text="machine b.example login me password netrc-word",
        PIP_INDEX_URL="https://me:url%20word@a.example/simple",
        PIP_EXTRA_INDEX_URL="https://b.example/simple https://only-a-token@c.example/",
        HTTPS_PROXY="http://me:proxy-word@proxy.example:3128",
    )
    assert settings.secrets == {"url%20word", "url word", "netrc-word", "only-a-token", "proxy-word"}
    shown = repr(settings) + repr(settings.variables(FOLDER))
    assert not any(secret in shown for secret in settings.secrets)
