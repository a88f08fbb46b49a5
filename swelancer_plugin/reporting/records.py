"""What reports carry of a task: one JSON string, which survives the way from a worker."""

from __future__ import annotations

import html
from functools import lru_cache

from swelancer_plugin.attempt import Attempt

ATTRIBUTE = "swelancer"
"""Name of the report attribute that holds an attempt, as its `to_json` wrote it."""


def attempt_of(report: object) -> Attempt | None:
    """Return the attempt that a pytest report is about, None for any other test's report.

    Raises ValueError for an attribute that is no attempt.
    """
    text = getattr(report, ATTRIBUTE, None)
    return None if text is None else _read(text)


def decides(report: object) -> bool:
    """Tell whether a report is the one that shows its task's end: the call, or a failed setup.

    A task's setup, call and teardown may all carry the attempt; its money is shown once, and a
    teardown that fails is an error of pytest's own.
    """
    when, outcome = getattr(report, "when", None), getattr(report, "outcome", None)
    return (when == "call" and outcome in ("passed", "failed")) or (
        when == "setup" and outcome == "failed"
    )


@lru_cache(maxsize=256)  # each report is asked by several hooks
def _read(text: str) -> Attempt:
    return Attempt.from_json(text)


def plain(text: str, limit: int | None = None) -> str:
    """Return outside text as one line that steers no terminal and fits any encoding.

    Control characters, line ends, direction marks and lone surrogates become spaces; at most
    `limit` characters are kept.
    """
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if limit is None or len(line) <= limit:
        return line
    return line[: max(limit - 3, 0)].rstrip() + "..."


def escaped(text: str, limit: int | None = None) -> str:
    """Return outside text as HTML has it: plain, and inert in an element or an attribute."""
    return html.escape(plain(text, limit))
