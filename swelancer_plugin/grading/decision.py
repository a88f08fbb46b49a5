"""A manager's decision: the bytes of the file, read strictly. Nothing in it can crash a run."""

from __future__ import annotations

import json
import re
from typing import Final

DECISION_LIMIT: Final = 64 * 1024
"""Bytes; a decision is one number."""
KEY: Final = "selected_proposal_id"
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


class UnreadableDecision(ValueError):
    """The file holds no decision; the message is the reason, for people."""


def parse_decision(content: bytes) -> int:
    """Return the proposal id of ``{"selected_proposal_id": 3}``.

    ``3``, ``3.0`` and ``"3"`` are the same whole number; ``true`` is none. Raises
    UnreadableDecision, naming the reason, for everything else.
    """
    if len(content) > DECISION_LIMIT:
        raise UnreadableDecision(f"the decision file is larger than {DECISION_LIMIT} bytes")
    if not content.strip():
        raise UnreadableDecision("the decision file is empty")
    return _whole(_value(_load(content)))


def _load(content: bytes) -> object:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableDecision("the decision file is not UTF-8 text") from error
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except UnreadableDecision:
        raise
    except (ValueError, RecursionError) as error:  # RecursionError: brackets nested without end
        raise UnreadableDecision("the decision file is not JSON") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    if keys.count(KEY) > 1:
        raise UnreadableDecision(f"the decision file says {KEY!r} more than once")
    return dict(pairs)


def _value(document: object) -> object:
    if not isinstance(document, dict):
        raise UnreadableDecision("the decision file does not hold a JSON object")
    if KEY not in document:
        raise UnreadableDecision(f"the decision file has no key {KEY!r}")
    return document[KEY]


def _whole(value: object) -> int:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    shown = repr(value)
    raise UnreadableDecision(f"{KEY!r} is {shown[:60]}, not the id of a proposal (a whole number)")
