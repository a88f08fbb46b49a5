from __future__ import annotations

import asyncio

import pytest

from swelancer_plugin.models.interface import ModelUnavailable, RequestRefused
from tests.models.asking import BRIEF, asked
from tests.models.scripted import Say, ScriptedServer, Step

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def test_a_held_reply_is_released() -> None:
    async with asked([Say("late", held=True)]) as (model, server, _):
        task = asyncio.create_task(model.ask(BRIEF))
        await asyncio.to_thread(server.arrived.wait)
        assert not task.done()
        server.release()
        assert (await task).message.content == "late"


async def test_a_script_that_is_over_says_so() -> None:
    async with asked([]) as (model, _, _):
        with pytest.raises(RequestRefused, match="the script is over"):
            await model.ask(BRIEF)


async def test_a_script_that_raises_is_heard_of() -> None:
    def broken(request: dict[str, object]) -> Step:
        raise KeyError("script")

    async def ask() -> None:
        async with asked(broken) as (model, _, told):
            with pytest.raises(ModelUnavailable):
                await model.ask(BRIEF)
            assert all("connection failed" in reason for reason, _ in told)

    with pytest.raises(KeyError, match="script"):
        await ask()


async def test_a_server_that_nobody_asked_ends() -> None:
    with ScriptedServer(["unheard"]) as server:
        assert server.url.endswith("/v1")
    assert server.requests == []
