"""What an attempt's transcript says of its spend: for one that nobody lived to record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

_MOST: Final = 10**9
"""Dollars; no call costs as much, so it is not one of our lines."""
_TOKENS: Final = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")


@dataclass(frozen=True, slots=True)
class Story:
    """The sums over the replies in a transcript."""

    turns: int = 0
    retries: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost: Decimal | None = Decimal(0)
    """Dollars; None where the price of a call is unknown, or a call was under way at the end."""


def read_story(transcript: Path) -> Story:
    """Return what a transcript tells; nothing where there is none, a half last line is no line."""
    turns = retries = 0
    tokens = dict.fromkeys(_TOKENS, 0)
    cost: Decimal | None = Decimal(0)
    waiting = False
    for event in _events(transcript):
        kind = event.get("event")
        waiting = kind in ("message", "retry") or (waiting and kind not in ("reply", "failure"))
        retries += kind == "retry"
        if kind in ("reply", "failure"):
            turns += 1
        if kind == "reply":
            usage = event.get("usage")
            for name in _TOKENS:
                count = usage.get(name) if isinstance(usage, dict) else None
                tokens[name] += count if isinstance(count, int) and count > 0 else 0
            price = _amount(event.get("cost"))
            cost = None if cost is None or price is None else cost + price
    if waiting:
        turns, cost = turns + 1, None
    return Story(turns, retries, **tokens, cost=cost)


def _events(transcript: Path) -> Iterator[dict[str, Any]]:
    try:
        file = transcript.open("rb")
    except OSError:
        return
    with file:
        for line in file:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                yield event


def _amount(text: object) -> Decimal | None:
    try:
        amount = Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() and 0 <= amount < _MOST else None
