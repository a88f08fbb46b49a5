"""A model for one attempt: bounded, counted, and every word that passes it written down."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple
from decimal import Decimal

from swelancer_plugin.models import trimming
from swelancer_plugin.models.answers import MAX_COST, MAX_TOKENS
from swelancer_plugin.models.interface import (
    JournalBroken,
    Message,
    Model,
    ModelError,
    Reply,
    Tool,
    Usage,
)
from swelancer_plugin.models.limits import Limits
from swelancer_plugin.models.transcript import Transcript


class Metered:
    """Implements `Model` around another one.

    Writes to the transcript: ``message`` for each that was not seen before, so that a growing
    conversation is written once; ``reply``; ``failure`` and ``retry``; and ``conversation`` where
    one begins that does not continue the last.
    """

    def __init__(self, model: Model, limits: Limits, transcript: Transcript) -> None:
        self.turns = 0
        """Calls, failed ones too."""
        self.usage = Usage()
        self.cost: Decimal | None = Decimal(0)
        """Dollars; None once the price of a single call is not known, or whether it has one."""
        self.retries = 0
        self._model = model
        self._limits = limits
        self._transcript = transcript
        self._seen: list[Message] = []

    @property
    def name(self) -> str:
        """The name that ``--model`` gave."""
        return self._model.name

    async def ask(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Reply:
        """Ask the model within the limits; see `Model.ask` for what it raises.

        Raises TypeError and ValueError where a model of the user's own returns what is no reply.
        """
        self._limits.begin_turn()
        self.turns += 1
        self._note_messages(messages)
        started = time.monotonic()
        try:
            reply = await self._model.ask(messages, tools)
            _require_possible(reply)
        except BaseException as error:
            self._fail(error, time.monotonic() - started)
            raise
        finally:
            self._limits.failing = ""
        counted = reply.usage.total
        estimated = 0 if counted else _estimate([*messages, reply.message], tools)
        self._limits.spend(reply.usage, estimated)
        self._count(reply, time.monotonic() - started)
        return reply

    def retry(self, reason: str, wait: float) -> None:
        """Write down that a call is tried again; to be a client's `on_retry`.

        A wait is no time of the agent's. Without one the same is sent with less, which is no
        failure of the server's.
        """
        self.retries += 1
        if wait > 0:
            self._limits.wait(reason, wait)
        self._transcript.write("retry", reason=reason, wait=round(wait, 3))

    def _fail(self, error: BaseException, seconds: float) -> None:
        """Write down a call that ended without a reply, a cancelled one too."""
        if error.billed if isinstance(error, ModelError) else True:  # it may have been answered
            self.cost = None
        kind, reason = type(error).__name__, str(error)
        with suppress(JournalBroken):  # what the call raised says more
            self._transcript.write("failure", kind=kind, reason=reason, seconds=round(seconds, 3))

    def _count(self, reply: Reply, seconds: float) -> None:
        self.usage += reply.usage
        unknown = self.cost is None or reply.cost is None
        self.cost = None if unknown else (self.cost or 0) + (reply.cost or Decimal(0))
        self._seen.append(reply.message)  # an agent that carries it on has nothing new in it
        self._transcript.write(
            "reply",
            content=reply.message.content,
            tool_calls=_calls(reply.message),
            usage={
                "input_tokens": reply.usage.input_tokens,
                "cached_tokens": reply.usage.cached_tokens,
                "output_tokens": reply.usage.output_tokens,
                "reasoning_tokens": reply.usage.reasoning_tokens,
            },
            cost=None if reply.cost is None else str(reply.cost),
            seconds=round(seconds, 3),
            cut=reply.cut,
        )

    def _note_messages(self, messages: Sequence[Message]) -> None:
        pairs = enumerate(zip(self._seen, messages, strict=False))
        same = min(len(self._seen), len(messages))
        same = next((place for place, (old, new) in pairs if old != new), same)
        # the last that was seen may be a reply that the agent did not take into its conversation
        if same < len(self._seen) - 1:
            self._transcript.write("conversation", kept=same)
        for message in messages[same:]:
            self._transcript.write(
                "message",
                role=message.role,
                content=message.content,
                tool_calls=_calls(message),
                tool_call_id=message.tool_call_id,
            )
        self._seen = list(messages)


def _require_possible(reply: object) -> None:
    """Refuse what no record could hold, before anything is counted."""
    if not isinstance(reply, Reply) or not isinstance(reply.usage, Usage):
        raise TypeError(f"a model has to return a Reply with a Usage, not {reply!r:.200}")
    cost = reply.cost
    if cost is not None and not isinstance(cost, Decimal):
        raise TypeError(f"the cost of a reply has to be a Decimal or None, not {cost!r:.80}")
    if cost is not None and not (cost.is_finite() and 0 <= cost <= MAX_COST):
        raise ValueError(f"the cost of a reply has to be 0 to {MAX_COST} dollars, not {cost!s:.80}")
    for count in astuple(reply.usage):
        if not isinstance(count, int) or isinstance(count, bool):
            raise TypeError(f"a count of tokens has to be an int, not {count!r:.80}")
        if not 0 <= count <= MAX_TOKENS:
            raise ValueError(f"a count of tokens has to be 0 to {MAX_TOKENS}")


def _estimate(messages: Sequence[Message], tools: Sequence[Tool]) -> int:
    """Return about how many tokens a call took, by the length of what went and came."""
    characters = trimming.size(messages) + trimming.tools_size(tools)
    return int(characters / trimming.CHARS_PER_TOKEN)


def _calls(message: Message) -> list[dict[str, str]]:
    return [
        {"id": call.id, "name": call.name, "arguments": call.arguments}
        for call in message.tool_calls
    ]
