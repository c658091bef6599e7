"""Validate a task again whenever one of its files is saved: what has changed, what that asks for, and the loop."""

from harness.watching.decision import Change, Part, Work, what_to_do
from harness.watching.loop import Display, Judge, watch
from harness.watching.places import Places
from harness.watching.rounds import Round
from harness.watching.slower import slower_stages

__all__ = ["Change", "Display", "Judge", "Part", "Places", "Round", "Work", "slower_stages", "watch", "what_to_do"]
