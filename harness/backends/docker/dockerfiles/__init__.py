"""Build a folder with a Dockerfile, with this machine's settings for package indexes and without their trace."""

from harness.backends.docker.dockerfiles.bases import BaseImage, resolve_base, resolve_image
from harness.backends.docker.dockerfiles.build import DockerfileBuild, build_dockerfile

__all__ = ["BaseImage", "DockerfileBuild", "build_dockerfile", "resolve_base", "resolve_image"]
