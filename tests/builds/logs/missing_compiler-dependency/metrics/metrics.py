"""Needs a compiled package."""
