"""A model for one attempt: bounded, counted, and every word that passes it written down."""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal

from swelancer_plugin.models.interface import Message, Model, ModelError, Reply, Tool, Usage
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
        """Dollars; None once the price of a single call is not known."""
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
        """Ask the model within the limits; see `Model.ask` for what it raises."""
        self._limits.begin_turn()
        self.turns += 1
        self._note_messages(messages)
        started = time.monotonic()
        try:
            reply = await self._model.ask(messages, tools)
        except ModelError as error:
            seconds = round(time.monotonic() - started, 3)
            kind = type(error).__name__
            self._transcript.write("failure", kind=kind, reason=str(error), seconds=seconds)
            raise
        self._count(reply, time.monotonic() - started)
        return reply

    def retry(self, reason: str, wait: float) -> None:
        """Write down that a call is tried again; to be a client's `on_retry`."""
        self.retries += 1
        self._transcript.write("retry", reason=reason, wait=round(wait, 3))

    def _count(self, reply: Reply, seconds: float) -> None:
        self._limits.spend(reply.usage)
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


def _calls(message: Message) -> list[dict[str, str]]:
    return [
        {"id": call.id, "name": call.name, "arguments": call.arguments}
        for call in message.tool_calls
    ]
