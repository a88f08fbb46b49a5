"""Reads what a server sent, field by field: nothing in it is what it should be until looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from swelancer_plugin.models.interface import Message, ToolCall, Usage

MAX_TOKENS: Final = 10**9
"""A larger count of tokens for one call is no count."""
MAX_COST: Final = Decimal(10**6)
"""Dollars: a larger cost of one call is none."""


class Malformed(Exception):
    """An answer that is no reply; asking again may get one."""


class ServerSaid(Exception):
    """An error that came in the body of an answer with status 200, as OpenRouter sends some."""

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(status, error)
        self.status = status
        self.error = error


def raise_error(error: object) -> None:
    """Raise ServerSaid where a body's field ``error`` holds one."""
    if isinstance(error, dict) and error:
        code = error.get("code")
        status = code if isinstance(code, int) and 400 <= code <= 599 else 502
        raise ServerSaid(status, error)
    if isinstance(error, str) and error:
        raise ServerSaid(502, {"message": error})


def mapping(value: object, what: str) -> dict[str, Any]:
    """Return a JSON object. Raises Malformed, naming what it should have been."""
    if not isinstance(value, dict):
        raise Malformed(f"{what} is no object")
    return value


def string(value: object, what: str) -> str:
    """Return a text, "" for null. Raises Malformed."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"{what} is no text")
    return value


def array(value: object, what: str) -> list[Any]:
    """Return a JSON array, empty for null. Raises Malformed."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"{what} is no list")
    return value


def text_of(content: object) -> str:
    """Return the text of a content: a text, null, or a list of parts. Raises Malformed."""
    if not isinstance(content, list):
        return string(content, "the content")
    texts = []
    for each in content:
        part = mapping(each, "a part of the content")
        texts.append(string(part.get("text", part.get("refusal")), "a part of the content"))
    return "".join(texts)


def tool_call(identity: object, called: object, place: int) -> ToolCall:
    """Return a call of a tool. Some servers send no id, some the arguments as an object.

    One without a name, or without a function at all, is a slip of the model's: the agent tells it.
    """
    function = called if isinstance(called, dict) else {}
    name = string(function.get("name"), "a tool's name")
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        arguments = "{}" if arguments is None else json.dumps(arguments)
    return ToolCall(string(identity, "a tool call's id") or f"call_{place}", name, arguments)


def reply_message(
    content: str, calls: list[ToolCall], items: tuple[Mapping[str, Any], ...] = ()
) -> Message:
    """Return the assistant's message."""
    return Message("assistant", content, tuple(calls), items=items)


def usage_of(given: object, input_key: str, output_key: str) -> Usage:
    """Return the usage of an answer; what is no count is 0, and no part exceeds its whole."""
    usage = given if isinstance(given, dict) else {}
    whole, generated = _count(usage.get(input_key)), _count(usage.get(output_key))
    cached = _detail(usage, f"{input_key}_details", "cached_tokens")
    reasoning = _detail(usage, f"{output_key}_details", "reasoning_tokens")
    return Usage(whole, min(cached, whole), generated, min(reasoning, generated))


def _detail(usage: Mapping[str, Any], group: str, key: str) -> int:
    details = usage.get(group)
    return _count(details.get(key)) if isinstance(details, dict) else 0


def _count(value: object) -> int:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS
    return value if good and isinstance(value, int) else 0


def billed(given: object) -> Decimal | None:
    """Return the dollars that OpenRouter says it charged, or None where it does not say.

    https://openrouter.ai/docs/use-cases/usage-accounting. With a key of the user's own at the
    provider (``is_byok``) it is OpenRouter's fee alone, which is no price.
    """
    usage = given if isinstance(given, dict) else {}
    cost = usage.get("cost")
    if usage.get("is_byok") is True or isinstance(cost, bool) or not isinstance(cost, int | float):
        return None
    amount = Decimal(str(cost))
    return amount if amount.is_finite() and 0 <= amount <= MAX_COST else None
