"""A model behind an OpenAI-compatible server: asked with patience, its answers read with care."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from swelancer_plugin.models import chat, responses, trimming
from swelancer_plugin.models.answers import MAX_COST, Malformed, ServerSaid
from swelancer_plugin.models.endpoint import Endpoint
from swelancer_plugin.models.failures import (
    NoReasoning,
    Retry,
    TooLong,
    Verdict,
    cleaned,
    error_of,
    verdict,
)
from swelancer_plugin.models.interface import Message, ModelError, Reply, RequestRefused, Tool
from swelancer_plugin.models.options import ModelOptions
from swelancer_plugin.models.pricing import Prices
from swelancer_plugin.models.proven import Proven
from swelancer_plugin.models.retries import OnRetry, Patience
from swelancer_plugin.models.secrets import Scrubber
from swelancer_plugin.models.transport import sdk_client

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["ModelOptions", "OpenAIModel"]

_UNSENT: Final = {"ConnectError", "ConnectTimeout", "PoolTimeout"}
"""How httpx calls what fails before anything of a request is at the server."""


def _silent(reason: str, wait: float) -> None:
    """Tell nobody."""


class OpenAIModel:
    """Implements `Model` for a server that speaks the chat completions or the responses API.

    One for each attempt. To be closed in the event loop that asked it; the next `ask`, in any
    loop, connects anew. `on_retry` may be set at any time. `proven` is what clients of the same
    endpoint and options share.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        options: ModelOptions,
        prices: Prices,
        on_retry: OnRetry = _silent,
        dice: random.Random | None = None,
        proven: Proven | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.on_retry = on_retry
        self._options = options
        self._prices = prices
        self._dice = dice or random.Random()  # noqa: S311  # spreads retries, guards nothing
        self._scrubber = Scrubber(endpoint)
        self._client: AsyncOpenAI | None = None
        self._reasoning = True
        self._proven = Proven() if proven is None else proven
        self._ratio = trimming.CHARS_PER_TOKEN
        self._accepted: int | None = None
        """Characters of a prompt that went through after a longer one had not."""

    @property
    def name(self) -> str:
        """The name that ``--model`` gave."""
        return self.endpoint.shown

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def ask(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Reply:
        """Return the model's next message, trimming and asking again as needed.

        Raises WrongSetup, ModelUnavailable, RequestRefused; none of them holds a key. The cost is
        None, or the error `billed`, where a try may have been charged for beside the last.
        """
        where = f"model {self.name!r} at {self.endpoint.host}"
        patience = Patience(self._options, where, self.on_retry, self._dice)
        try:
            reply = await self._ask(messages, tools, patience, where)
        except ModelError as error:
            error.billed = patience.billed
            raise
        return replace(reply, cost=None) if patience.billed else reply

    async def _ask(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool],
        patience: Patience,
        where: str,
    ) -> Reply:
        sent = trimming.fit(messages, self._room(tools))
        too_long = False
        while True:
            answer = await self._try(sent, tools)
            if isinstance(answer, Reply):
                self._learn(sent, tools, answer, too_long)
                return answer
            if isinstance(answer, Retry):
                await patience.wait(answer)
            elif isinstance(answer, TooLong):
                too_long = True
                sent = self._less(messages, sent, f"{where}: {answer.reason}")
            elif isinstance(answer, NoReasoning):
                self._without_reasoning(answer)
            else:
                raise answer

    def _without_reasoning(self, answer: NoReasoning) -> None:
        if self._options.api == "chat" or not self._reasoning:
            raise answer.otherwise
        self._reasoning = False

    def _less(
        self, messages: Sequence[Message], sent: Sequence[Message], reason: str
    ) -> list[Message]:
        smaller = trimming.shrunk(messages, sent)
        if smaller is None:
            raise RequestRefused(f"{reason} - and nothing is left to leave out")
        self.on_retry(f"too long, sent again with less: {reason}", 0.0)
        return smaller

    def _room(self, tools: Sequence[Tool]) -> int:
        """Return the characters that messages may have."""
        rooms = [2**62] if self._accepted is None else [self._accepted]
        window = self._prices.window(self.endpoint)
        if window is not None:
            room = trimming.room_for(window, self._ratio, self._options.max_output_tokens)
            rooms.append(room - trimming.tools_size(tools))
        return min(rooms)

    def _learn(
        self, sent: Sequence[Message], tools: Sequence[Tool], reply: Reply, too_long: bool
    ) -> None:
        self._proven.add(bool(tools))
        size = trimming.size(sent)
        whole = size + trimming.tools_size(tools)
        self._ratio = trimming.calibrated(whole, reply.usage.input_tokens, self._ratio)
        if too_long:
            self._accepted = size

    async def _try(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Reply | Verdict:
        """Ask once. No exception of the SDK leaves here: they carry the request's headers."""
        from openai import APIConnectionError, APIStatusError, OpenAIError

        proven = bool(tools) in self._proven
        try:
            async with asyncio.timeout(self._options.call_seconds):
                body = await self._post(messages, tools)
        except APIStatusError as error:
            fault = error_of(error.response.content, self._scrubber)
            headers = {name.lower(): value for name, value in error.response.headers.items()}
            return verdict(self.endpoint, error.status_code, fault, headers, proven)
        except TimeoutError:
            return Retry(f"no whole answer in {self._options.call_seconds:g} s", billed=True)
        except APIConnectionError as error:
            cause = error.__cause__ or error
            kind = type(cause).__name__
            said = self._scrubber.line(f"connection failed: {kind}: {cause}")
            return Retry(said, billed=kind not in _UNSENT)
        except (Malformed, OpenAIError) as error:
            return self._no_reply(error)
        return self._read(body, proven)

    def _read(self, body: bytes, proven: bool) -> Reply | Verdict:
        read = chat.reply if self._options.api == "chat" else responses.reply
        try:
            reply, billed = read(self._scrubber.json(body))
        except ServerSaid as error:
            said = cleaned(error.error, self._scrubber)
            return verdict(self.endpoint, error.status, said, {}, proven)
        except (Malformed, ValueError) as error:
            return self._no_reply(error)
        return replace(reply, cost=self._cost(reply, billed))

    def _no_reply(self, error: Exception) -> Retry:
        said = self._scrubber.line(f"an answer that is no reply: {error}")
        return Retry(said, billed=True)

    async def _post(self, messages: Sequence[Message], tools: Sequence[Tool]) -> bytes:
        if self._client is None:
            self._client = sdk_client(self.endpoint, self._options)
        plain = [_plain(message) for message in messages]
        if self._options.api == "chat":
            request = chat.request(self.endpoint, self._options, plain, tools)
            raw = await self._client.chat.completions.with_raw_response.create(**request)
        else:
            request = responses.request(self.endpoint, self._options, plain, tools, self._reasoning)
            raw = await self._client.responses.with_raw_response.create(**request)
        content: bytes = raw.content
        return content

    def _cost(self, reply: Reply, billed: Decimal | None) -> Decimal | None:
        """Return what OpenRouter says it charged; it alone is believed. Otherwise the tables."""
        if self.endpoint.provider == "openrouter" and billed is not None:
            return billed
        cost = self._prices.cost(self.endpoint, reply.usage)
        return None if cost is None or cost > MAX_COST else cost


def _plain(message: Message) -> Message:
    """Return a message whose text UTF-8 can carry; what an agent read may hold lone surrogates."""
    content = message.content.encode("utf-8", "replace").decode()
    return message if content == message.content else replace(message, content=content)
