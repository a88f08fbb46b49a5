"""The responses API: what is sent, and what the answer says. Pure.

Nothing is stored at the server: the whole conversation goes with each request, and the model's
reasoning comes back encrypted, to be sent along (``Message.items``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from swelancer_plugin.models.answers import (
    Malformed,
    ServerSaid,
    array,
    billed,
    mapping,
    raise_error,
    reply_message,
    text_of,
    tool_call,
    usage_of,
)
from swelancer_plugin.models.endpoint import Endpoint
from swelancer_plugin.models.interface import Message, Reply, Tool
from swelancer_plugin.models.options import ModelOptions

_ERRORS: Final = {"rate_limit_exceeded": 429, "server_error": 500}
"""Codes of a failed response as the statuses that they would have had; any other is a 400."""


def request(
    endpoint: Endpoint,
    options: ModelOptions,
    messages: Sequence[Message],
    tools: Sequence[Tool],
    reasoning: bool = True,
) -> dict[str, Any]:
    """Return the body of a request; `reasoning` asks for it encrypted, which not all models can."""
    effort = options.reasoning_effort
    given = {
        "temperature": options.temperature,
        "reasoning": None if effort is None else {"effort": effort},
        "max_output_tokens": options.max_output_tokens,
        "tools": [_tool(tool) for tool in tools] or None,
        "include": ["reasoning.encrypted_content"] if reasoning else None,
    }
    return {
        "model": endpoint.model,
        "input": [item for message in messages for item in _items(message)],
        "store": False,
        **{key: value for key, value in given.items() if value is not None},
    }


def _items(message: Message) -> list[Mapping[str, Any]]:
    if message.items:
        return list(message.items)
    if message.role == "tool":
        answered = message.tool_call_id or ""
        output = {"type": "function_call_output", "call_id": answered, "output": message.content}
        return [output]
    calls: list[Mapping[str, Any]] = [
        {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
        }
        for call in message.tool_calls
    ]
    if calls and not message.content:
        return calls
    if message.role != "assistant":
        return [{"role": message.role, "content": message.content}]
    # The long form: llama.cpp's server knows a message of the assistant by no other.
    part = {"type": "output_text", "text": message.content}
    return [{"type": "message", "role": "assistant", "content": [part]}, *calls]


def _tool(tool: Tool) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
        "strict": False,
    }


def reply(answer: object) -> tuple[Reply, Decimal | None]:
    """Return the reply in an answer, and what the server says it cost.

    Raises Malformed where it is none, ServerSaid where it is an error.
    """
    body = mapping(answer, "the answer")
    _raise_failure(body.get("error"))
    if body.get("status") not in ("completed", "incomplete", None):
        raise Malformed("the answer is not completed")
    output = [
        mapping(each, "an item of the output") for each in array(body.get("output"), "the output")
    ]
    if not output and body.get("status") != "incomplete":
        raise Malformed("the answer has no output")
    texts = [text_of(item.get("content")) for item in output if item.get("type") == "message"]
    calls = [
        tool_call(item.get("call_id"), item, place)
        for place, item in enumerate(output)
        if item.get("type") == "function_call"
    ]
    details = body.get("incomplete_details")
    cut = isinstance(details, dict) and details.get("reason") == "max_output_tokens"
    message = reply_message("".join(texts), calls, _carried(output))
    usage = usage_of(body.get("usage"), "input_tokens", "output_tokens")
    return Reply(message, usage, cut=cut), billed(body.get("usage"))


def _raise_failure(error: object) -> None:
    if isinstance(error, dict) and not isinstance(error.get("code"), int):
        raise ServerSaid(_ERRORS.get(str(error.get("code")), 400), error)
    raise_error(error)


def _carried(output: list[dict[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return what to send back, as it came, where the reasoning can be.

    Otherwise nothing: a server that stores nothing finds no item by its id, so that the message is
    sent in our own words instead. Reasoning at the end goes in no case: servers refuse it without
    the item that it led to, which a reply cut at its length limit does not have.
    """
    items = list(output)
    while items and items[-1].get("type") == "reasoning":
        items.pop()
    reasoning = [item for item in items if item.get("type") == "reasoning"]
    if reasoning and all(isinstance(item.get("encrypted_content"), str) for item in reasoning):
        return tuple(items)
    return ()
