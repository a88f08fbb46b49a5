"""The command in an agent's computer, in real containers; the visits themselves are played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import docker
import pytest

from swelancer_plugin.agents import user_tool
from swelancer_plugin.agents.user_tool import COMMAND, VISITS, Visit, offered
from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.docker import DockerComputer, DockerProvider
from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.interface import ComputerSpec, EngineError, TreeFile
from swelancer_plugin.grading.user_session import Session
from swelancer_plugin.task import Repository

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]
WORKDIR = "/app/x"


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    client.close()


class Visits:
    """Plays a user, and counts."""

    def __init__(self, *sessions: Session | Exception) -> None:
        self.sessions = list(sessions)
        self.count = 0

    async def __call__(self) -> Session:
        self.count += 1
        session = self.sessions[min(self.count, len(self.sessions)) - 1]
        if isinstance(session, Exception):
            raise session
        return session


@asynccontextmanager
async def at_hand(
    client: docker.DockerClient, visit: Visit, kept: dict[str, bytes] | None = None
) -> AsyncIterator[DockerComputer]:
    spec = ComputerSpec(Repository("x", WORKDIR), BASE_IMAGE, WORKDIR)
    computer = await DockerProvider(client).start(spec)
    keep = {} if kept is None else kept
    try:
        async with offered(computer, WORKDIR, visit, keep.__setitem__):
            yield computer
    finally:
        await computer.cleanup()


async def asked(computer: DockerComputer, seconds: float = 20) -> str:
    return (await computer.send_shell_command(COMMAND, timeout=seconds)).text


async def test_what_was_seen_is_shown_and_lies_beside_the_work(client: docker.DockerClient) -> None:
    visits = Visits(
        Session("1. Open “x”\n", (TreeFile("01.png", b"\x89PNG\0"), TreeFile("steps.log", b"1."))),
        Session("again"),
    )
    kept: dict[str, bytes] = {}
    async with at_hand(client, visits, kept) as computer:
        assert await asked(computer) == "1. Open “x”\n\nIn user_tool/1/: 01.png, steps.log\n\n"
        assert await computer.download(f"{WORKDIR}/user_tool/1/01.png") == b"\x89PNG\0"
        assert await asked(computer) == "again\n"
    assert visits.count == 2
    assert kept == {"user_tool/1/01.png": b"\x89PNG\0", "user_tool/1/steps.log": b"1."}


async def test_a_failing_machinery_is_told_and_ends_nothing(client: docker.DockerClient) -> None:
    visits = Visits(EngineError("no judge"), Session("now"))
    async with at_hand(client, visits) as computer:
        assert await asked(computer) == "There is no user now: no judge\n"
        assert await asked(computer) == "now\n"


async def test_a_visit_is_bounded(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_tool, "VISIT_SECONDS", 0.2)

    async def endless() -> Session:
        await asyncio.Event().wait()
        raise AssertionError

    async with at_hand(client, endless) as computer:
        assert await asked(computer) == "The user could not use the app within 0.2 s.\n"


async def test_visits_are_counted(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert VISITS > 1
    monkeypatch.setattr(user_tool, "VISITS", 2)
    async with at_hand(client, Visits(Session("seen"))) as computer:
        assert [await asked(computer), await asked(computer)] == ["seen\n", "seen\n"]
        last = await computer.send_shell_command(COMMAND, timeout=20)
    assert (last.text, last.exit_code) == ("There is no user any more.\n", 1)


@pytest.mark.parametrize(
    "attack",
    [
        "kill -9 -1",
        "rm -rf /run/swelancer-user",
        "rm /run/swelancer-user/*; mkdir /run/swelancer-user/ask",
        "rm -rf /app/x/user_tool; ln -s /etc /app/x/user_tool",
    ],
)
async def test_breaking_it_harms_only_oneself(client: docker.DockerClient, attack: str) -> None:
    visits = Visits(Session("seen", (TreeFile("passwd", b"x"),)))
    async with at_hand(client, visits) as computer:
        await computer.send_shell_command(attack, timeout=20)
        said = await asked(computer, 2)
        assert said == "" or "seen" in said or "no user any more" in said or "not found" in said
        assert (await computer.send_shell_command("echo here", timeout=20)).output == b"here\n"


async def test_without_a_user_any_more_the_command_is_over_with_the_work(
    client: docker.DockerClient,
) -> None:
    spec = ComputerSpec(Repository("x", WORKDIR), BASE_IMAGE, WORKDIR)
    computer = await DockerProvider(client).start(spec)
    try:
        async with offered(computer, WORKDIR, Visits(Session("seen")), lambda *_: None):
            pass
        processes = await computer.send_shell_command("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        assert b"swelancer-user/ask" not in processes.output
    finally:
        await computer.cleanup()
