"""The chat completions API: what is sent, and what the answer says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from swelancer_plugin.models.answers import (
    Malformed,
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


def request(
    endpoint: Endpoint, options: ModelOptions, messages: Sequence[Message], tools: Sequence[Tool]
) -> dict[str, Any]:
    """Return the body of a request."""
    # The newer name is OpenAI's own, and the only one that its reasoning models take.
    limit = "max_completion_tokens" if endpoint.provider == "openai" else "max_tokens"
    given = {
        "temperature": options.temperature,
        "reasoning_effort": options.reasoning_effort,
        "seed": options.seed,
        limit: options.max_output_tokens,
        "tools": [_tool(tool) for tool in tools] or None,
    }
    return {
        "model": endpoint.model,
        "messages": [_message(message) for message in messages],
        **{key: value for key, value in given.items() if value is not None},
    }


def _message(message: Message) -> dict[str, Any]:
    sent: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        sent["content"] = message.content or None
        sent["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.role == "tool":
        sent["tool_call_id"] = message.tool_call_id or ""
    return sent


def _tool(tool: Tool) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
    return {"type": "function", "function": function}


def reply(answer: object) -> tuple[Reply, Decimal | None]:
    """Return the reply in an answer, and what the server says it cost.

    Raises Malformed where it is none, ServerSaid where it is an error.
    """
    body = mapping(answer, "the answer")
    raise_error(body.get("error"))
    choices = array(body.get("choices"), "the choices")
    if not choices:
        raise Malformed("the answer has no choices")
    choice = mapping(choices[0], "the choice")
    raise_error(choice.get("error"))
    message = mapping(choice.get("message"), "the message")
    content = text_of(message.get("content")) or text_of(message.get("refusal"))
    calls = []
    for place, each in enumerate(array(message.get("tool_calls"), "the tool calls")):
        call = mapping(each, "a tool call")
        calls.append(tool_call(call.get("id"), call.get("function"), place))
    usage = usage_of(body.get("usage"), "prompt_tokens", "completion_tokens")
    cut = choice.get("finish_reason") == "length"
    return Reply(reply_message(content, calls), usage, cut=cut), billed(body.get("usage"))
