"""How a model is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What goes with every request, and how patient we are. None is not sent at all."""

    api: Literal["chat", "responses"] = "chat"
    """Which API of the server: ``chat`` is the one that every server has."""
    temperature: float | None = None
    reasoning_effort: str | None = None
    seed: int | None = None
    """Of the chat API alone. The responses API has none, and a seed is not sent there: whoever
    takes both from a user has to refuse them together."""
    max_output_tokens: int | None = None
    """Of one reply, reasoning included."""
    retries: int = 8
    """How often one call is asked again, at most."""
    call_seconds: float = 600.0
    """Wall time of one request, also where a server sends a byte a minute."""
    retry_seconds: float = 900.0
    """From a call's start: no try begins later than this, and no server is waited for longer."""
    first_wait: float = 0.5
    """Seconds before the first retry; each next one waits about twice as long, or as long as the
    server asks where that is longer. Above 0."""
    reply_bytes: int = 64 * 1024 * 1024
    """What the body of one answer may have."""
