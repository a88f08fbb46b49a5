"""What goes back to a model: what a command printed, bounded, and its own replies."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from swelancer_plugin.computers.interface import CommandResult
from swelancer_plugin.models.interface import Message

SHOWN: Final = 16_000
"""Characters of an output that a model is shown; its head and its tail."""


def shown(text: str, limit: int = SHOWN) -> str:
    """Return `text`, or its head and tail with a line between them that says what is left out."""
    text = text.replace("\0", "\ufffd")  # some servers refuse a message that holds a NUL
    if len(text) <= limit:
        return text
    head = limit // 2
    tail = limit - head
    left_out = len(text) - limit
    return f"{text[:head]}\n[... {left_out} characters left out ...]\n{text[-tail:]}"


def told(result: CommandResult, seconds: float) -> str:
    """Return what a model is told of a command that was given `seconds` of time."""
    text = shown(result.text).rstrip("\n")
    lines = [text if text.strip() else "(no output)"]
    if result.truncated:
        lines.insert(0, "[the beginning of the output was dropped: there was too much of it]")
    if result.timed_out:
        lines.append(f"[killed: it ran longer than {round(seconds, 1):g} s]")
    elif result.exit_code != 0:
        lines.append(f"[exit code {result.exit_code}]")
    return "\n".join(lines)


def sendable(message: Message) -> Message:
    """Return a model's reply as its server takes it back: some refuse one without any text."""
    if message.content.strip() or message.tool_calls or message.items:
        return message
    return replace(message, content="(nothing)")
