"""What tests of the client share: a model behind a scripted server, with waits of next to none."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from swelancer_plugin.models.client import OpenAIModel
from swelancer_plugin.models.endpoint import Endpoint, Provider
from swelancer_plugin.models.interface import Message, ModelError, Tool
from swelancer_plugin.models.options import ModelOptions
from swelancer_plugin.models.pricing import Prices
from swelancer_plugin.models.proven import Proven
from tests.models.scripted import Script, ScriptedServer

KEY = "sk-test-abcdefghijklmnopqrstuvwxyz-9876"
BRIEF = [Message("system", "You fix bugs."), Message("user", "Fix this.")]
RUN = Tool("run", "Runs a command.", {"type": "object", "properties": {"c": {"type": "string"}}})
QUICK = ModelOptions(retries=3, first_wait=0.0001)
RESPONSES = replace(QUICK, api="responses")


@asynccontextmanager
async def asked(
    script: Script,
    options: ModelOptions = QUICK,
    *,
    provider: Provider = "custom",
    prices: Prices | None = None,
    base_url: str | None = None,
    userinfo: str = "",
    proven: Proven | None = None,
) -> AsyncIterator[tuple[OpenAIModel, ScriptedServer, list[tuple[str, float]]]]:
    """Yield a model, its server, and the retries as they were told."""
    told: list[tuple[str, float]] = []

    def tell(reason: str, wait: float) -> None:
        told.append((reason, wait))

    with ScriptedServer(script) as server:
        url = base_url or server.url
        at = Endpoint("gpt-4o", url, KEY, provider, "openai/gpt-4o", userinfo)
        model = OpenAIModel(at, options, prices or Prices(), tell, random.Random(1), proven)
        try:
            yield model, server, told
        finally:
            await model.close()


async def raised(script: Script, options: ModelOptions = QUICK) -> ModelError:
    """Return what a call raises; nothing of the SDK hangs on it."""
    async with asked(script, options) as (model, _, _):
        with pytest.raises(ModelError) as caught:
            await model.ask(BRIEF)
    assert caught.value.__context__ is None, "the SDK's exceptions carry the request's headers"
    return caught.value
