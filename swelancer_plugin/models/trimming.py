"""What of a long conversation still fits a model's context window; pure.

The brief, which is all before the first message of the assistant, is always kept. What follows
falls into turns: a message of the assistant with all that answers it. Turns are left out whole,
from the oldest on, so that no tool's answer ever stands without its call.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from swelancer_plugin.models.interface import Message, Tool

CHARS_PER_TOKEN: Final = 3.5
"""Before a server has counted for us: fewer than English text or code has, to stay inside."""
MIN_COUNTED: Final = 500
"""Tokens of a prompt that tell something about the next one."""
LOW_WATER: Final = 0.75
"""To which share of the room a conversation is trimmed once it is above it.

Some room to grow keeps its beginning the same for several calls, which servers cache.
"""
SHRINK: Final = 0.7
"""How much of what was sent is sent next, where the server says that it was too long."""
CUT_FLOOR: Final = 1000
"""Characters of a content that cutting leaves."""
MAX_RESERVE: Final = 16_000
"""Tokens that are left for the reply, at most."""
_CUT_NOTE: Final = 80
"""Characters that the note in the midst of a cut content may have."""
_OVERHEAD: Final = 16
"""Characters that stand for a message's role and frame."""


def size(messages: Sequence[Message]) -> int:
    """Return how long messages are, in characters as a request carries them."""
    return sum(_length(message) for message in messages)


def tools_size(tools: Sequence[Tool]) -> int:
    """Return how long the description of tools is, in characters."""
    return sum(len(t.name) + len(t.description) + len(json.dumps(t.parameters)) for t in tools)


def _length(message: Message) -> int:
    if message.items:
        return _OVERHEAD + len(json.dumps(message.items, default=str))
    calls = sum(len(call.id) + len(call.name) + len(call.arguments) for call in message.tool_calls)
    return _OVERHEAD + len(message.content) + calls


def room_for(window: int, ratio: float, reply: int | None) -> int:
    """Return the characters that a prompt may have in a window of so many tokens.

    `ratio` is characters per token; `reply` the tokens that a reply may take, where that is set.
    """
    reserve = min(window // 8 if reply is None else min(reply, window // 2), MAX_RESERVE)
    return int((window - reserve) * ratio)


def calibrated(characters: int, tokens: int, before: float) -> float:
    """Return characters per token by what a server counted, within what can be true.

    `before` where too few were counted: a short prompt is mostly the server's own frame. One digit
    behind the point: a steady value trims a growing conversation at steady places.
    """
    if tokens < MIN_COUNTED:
        return before
    return min(6.0, max(0.5, round(characters / tokens, 1)))


def fit(messages: Sequence[Message], room: int, low_water: float = LOW_WATER) -> list[Message]:
    """Return the messages with turns left out so that they take at most `room` characters.

    What is returned depends on the conversation alone, not on earlier calls: turns are added one
    by one, and whenever the room is exceeded, the oldest go until `low_water` of it is taken. The
    last turn stays, whatever it takes.
    """
    if size(messages) <= room:
        return list(messages)
    brief, turns = split(messages)
    sizes = [size(turn) for turn in turns]
    base = size(brief) + _OVERHEAD + len(_note(len(messages)))
    first, taken = 0, base
    for last, length in enumerate(sizes):
        taken += length
        target = room if taken <= room else int(room * low_water)
        while taken > target and first < last:
            taken -= sizes[first]
            first += 1
    left_out = sum(len(turn) for turn in turns[:first])
    return [*_noted(brief, left_out), *chain.from_iterable(turns[first:])]


def shrunk(
    messages: Sequence[Message], sent: Sequence[Message], share: float = SHRINK
) -> list[Message] | None:
    """Return the conversation smaller than what was `sent` of it, or None where it can't be.

    Turns go first; where only the last is left, the middle of its long contents.
    """
    room = int(size(sent) * share)
    fitting = fit(messages, room, 1.0)
    if size(fitting) > room:
        fitting = _cut_last(fitting, room)
    return fitting if size(fitting) < size(sent) else None


def split(messages: Sequence[Message]) -> tuple[list[Message], list[list[Message]]]:
    """Return the brief and the turns of a conversation."""
    brief: list[Message] = []
    turns: list[list[Message]] = []
    for message in messages:
        if message.role == "assistant":
            turns.append([message])
        else:
            (turns[-1] if turns else brief).append(message)
    return brief, turns


def _note(count: int) -> str:
    return f"[{count} earlier messages were left out to fit the context window]"


def _noted(brief: list[Message], count: int) -> list[Message]:
    """Add the note; to a last message of the user, since some servers want roles to alternate."""
    if not count:
        return brief
    if brief and brief[-1].role == "user":
        return [*brief[:-1], replace(brief[-1], content=f"{brief[-1].content}\n\n{_note(count)}")]
    return [*brief, Message("user", _note(count))]


def _cut_last(messages: list[Message], room: int) -> list[Message]:
    """Cut the contents of the last turn, the longest most, until the room is kept or none is."""
    start = max((i for i, each in enumerate(messages) if each.role == "assistant"), default=None)
    if start is None:
        return messages
    limit = max(len(each.content) for each in messages[start:])
    cut = messages
    while size(cut) > room and limit > CUT_FLOOR:
        limit = max(CUT_FLOOR, limit * 3 // 4)
        cut = [*messages[:start], *(_cut(each, limit) for each in messages[start:])]
    return cut


def _cut(message: Message, limit: int) -> Message:
    text = message.content
    if len(text) <= limit:
        return message
    half = (limit - _CUT_NOTE) // 2
    note = f"\n[{len(text) - 2 * half} characters were left out here]\n"
    # A server's own form of the message would carry the whole content all the same.
    return replace(message, content=text[:half] + note + text[-half:], items=())
