"""From a version's files to a dependency build with its log: real, on the backend that the server has."""

from harness.server.dependency_builds.building import DependencyBuild, build_dependencies

__all__ = ["DependencyBuild", "build_dependencies"]
