"""The seam to a language model: messages in, a reply out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol, TypeAlias

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model wants called."""

    id: str
    name: str
    arguments: str
    """JSON text as the model wrote it: it may be anything."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant's message; each is to be answered by a message of role ``tool``."""
    tool_call_id: str | None = None
    """Of a tool's message: the call that it answers."""
    items: tuple[Mapping[str, Any], ...] = field(default=(), repr=False, compare=False)
    """What a server wants back with its own message, as it sent it (the responses API)."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON schema of its arguments."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the server counted them; all 0 where it did not say."""

    input_tokens: int = 0
    """The whole prompt, cached tokens included."""
    cached_tokens: int = 0
    output_tokens: int = 0
    """All that was generated, reasoning included."""
    reasoning_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Return the sum, by kind."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.output_tokens + other.output_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered, and what it took."""

    message: Message
    """Of role assistant. Its content is empty where the server sent null."""
    usage: Usage = Usage()
    cost: Decimal | None = None
    """Dollars; None where the price is not known."""
    cut: bool = False
    """The server ended the reply at its length limit."""


class ModelError(Exception):
    """The base of what asking a model raises."""

    billed: bool = False
    """A try of the call may have been charged for, by an amount that nobody told."""


class WrongSetup(ModelError):
    """No call of this run can succeed: wrong key, unknown model, no credit left. Ends the run."""


class ModelUnavailable(ModelError):
    """The server did not give a usable answer in bounded retries. Nothing an agent did: void."""


class RequestRefused(ModelError):
    """The server refuses this one conversation: its content, or its length even when trimmed."""


class JournalBroken(ModelError):
    """The transcript can't be written: a full disk, for one. Nothing an agent did: void."""


class Model(Protocol):
    """Answers a conversation."""

    @property
    def name(self) -> str:
        """The name that ``--model`` gave."""

    async def ask(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Reply:
        """Return the model's next message. Raises ModelError, or LimitReached where it is bound.

        `messages` is the whole conversation so far; it is trimmed as the model's window needs.
        """
