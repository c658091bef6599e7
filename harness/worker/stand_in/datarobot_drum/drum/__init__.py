"""The part of the runner whose names appear in tasks."""
