from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.build import Plan, build, ensure
from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.locks import lock
from swelancer_plugin.computers.stopping import Stop, Stopped, stop, stoppable

if TYPE_CHECKING:
    from docker import DockerClient


@pytest.fixture
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A build that would never end."""
    (tmp_path / "lock").touch()
    return Plan(
        f"swelancer/test-{uuid4().hex[:12]}:it",
        "dependencies",
        {"base": BASE_IMAGE},
        {"SOURCE": "source", "LOCK": "lock", "INSTALL": "sleep 3600"},
        tmp_path,
        network=True,
    )


def wait_until_it_sleeps(client: DockerClient, plan: Plan, since: int) -> None:
    chosen = {"type": "container", "event": "start", "label": f"swelancer.build={plan.tag}"}
    events = client.events(since=since, until=since + 60, filters=chosen, decode=True)
    assert [next(events) for _ in range(2)]  # of the steps that run something, it is the second


def left_of(client: DockerClient, plan: Plan) -> list[object]:
    chosen = {"label": f"swelancer.build={plan.tag}"}
    containers = client.api.containers(all=True, filters=chosen)
    return [*containers, *client.api.images(all=True, filters=chosen)]


@pytest.mark.slow
@pytest.mark.asyncio
async def test_who_goes_leaves_nothing(client: DockerClient, plan: Plan) -> None:
    since = int(time.time())
    work = asyncio.create_task(stoppable(build, client, plan))
    await asyncio.to_thread(wait_until_it_sleeps, client, plan, since)
    assert left_of(client, plan) != []
    start = time.monotonic()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert time.monotonic() - start < 15
    assert left_of(client, plan) == []


@pytest.mark.slow
def test_a_word_that_was_said_before_ends_it_as_well(client: DockerClient, plan: Plan) -> None:
    word = Stop()
    word.say()
    token = stop.set(word)
    try:
        with pytest.raises(Stopped, match="was ended"):
            build(client, plan)
    finally:
        stop.reset(token)
    assert left_of(client, plan) == []


@pytest.mark.asyncio
async def test_a_wait_for_another_process_is_given_up(client: DockerClient) -> None:
    from swelancer_plugin.computers.engine import address

    tag, waiting = f"swelancer/test-{uuid4().hex[:12]}:it", threading.Event()

    def wait() -> None:
        waiting.set()
        ensure(client, tag, lambda: None)

    with lock(f"{tag} of {address(client)}", 5):
        work = asyncio.create_task(stoppable(wait))
        await asyncio.to_thread(waiting.wait, 20)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work


@pytest.mark.asyncio
async def test_what_is_not_cancelled_ends_as_it_ends() -> None:
    def fail() -> None:
        raise EngineError("no")

    assert await stoppable(int, "3") == 3
    with pytest.raises(EngineError, match="no"):
        await stoppable(fail)
