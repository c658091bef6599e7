"""The whole examination: all probes at once, and which backends work by what they found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain

from harness.doctor.engine import probe_base_images, probe_buildkit, probe_engine, probe_images
from harness.doctor.machine import probe_harness, probe_memory, probe_r, probe_text, probe_watching
from harness.doctor.model import Backends, Examination, Fact, Status, ok
from harness.doctor.network import index_probes, probe_certificates, probe_index_settings, probe_proxies
from harness.doctor.probing import DEADLINE_SECONDS, Probe, run_probes
from harness.doctor.storage import probe_cache, probe_cache_sizes, probe_temporary_folder
from harness.doctor.venvs import probe_interpreters, probe_sandbox, probe_uv

# What a backend cannot do without.
NEEDED = {
    "docker": ("engine", "cache", "temporary_files"),
    "venv": ("uv", "python", "cache", "temporary_files"),
}


def examine(
    environ: Mapping[str, str] = os.environ, *, offline: bool = False, seconds: float = DEADLINE_SECONDS
) -> Examination:
    """Return what this machine has and what is missing, in at most about that many seconds.

    offline: ask neither the package index nor a registry. The engine is the one that this process's own variables name.
    """
    found = run_probes(_probes(environ, offline=offline), seconds)
    facts = tuple(chain.from_iterable(found.values()))
    backends = {name: _works(needed, facts) for name, needed in NEEDED.items()}
    return Examination(backends=Backends.model_validate(backends), facts=facts)


def _probes(environ: Mapping[str, str], *, offline: bool) -> dict[str, Probe]:
    """Return the probes in the order in which their facts are told."""
    probes: dict[str, Callable[[], Iterable[Fact]]] = {
        "harness": probe_harness,
        "engine": probe_engine,
        "buildkit": probe_buildkit,
        "base_image": partial(probe_base_images, offline=offline),
        "images": probe_images,
        "uv": probe_uv,
        "python": probe_interpreters,
        "namespaces": probe_sandbox,
        "cache": probe_cache,
        "cache_sizes": probe_cache_sizes,
        "temporary_files": probe_temporary_folder,
        "memory": probe_memory,
        "certificates": partial(probe_certificates, environ),
        "proxies": partial(probe_proxies, environ),
        "index_settings": partial(probe_index_settings, environ),
        **({"index": _not_asked} if offline else index_probes(environ)),
        "file_watching": probe_watching,
        "locale": partial(probe_text, environ),
        "r": partial(probe_r, environ),
    }
    return {name: _listing(probe) for name, probe in probes.items()}


def _listing(probe: Callable[[], Iterable[Fact]]) -> Probe:
    return lambda: tuple(probe())


def _not_asked() -> Sequence[Fact]:
    return (ok("index", "not asked (--offline)"),)


def _works(needed: Iterable[str], facts: Sequence[Fact]) -> bool:
    found = {fact.name for fact in facts if fact.status is not Status.MISSING}
    return found >= set(needed)
