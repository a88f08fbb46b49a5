from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import docker
import pytest

from swelancer_plugin.computers import channel as channel_module
from swelancer_plugin.computers import conversation as conversation_module
from swelancer_plugin.computers.channel import Channel, encode_command
from swelancer_plugin.computers.docker import DockerProvider
from swelancer_plugin.computers.interface import COMMAND_LIMIT, ComputerGone
from tests.computers.conftest import a_spec, started
from tests.computers.play import frame


def test_commands_are_bytes() -> None:
    assert encode_command("é\udcff") == b"\xc3\xa9\xff"
    for command in ("a\0b", "x" * (COMMAND_LIMIT + 1)):
        with pytest.raises(ValueError):
            encode_command(command)


@pytest.fixture
def peer() -> Iterator[tuple[Channel, socket.socket]]:
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    theirs.settimeout(10)
    yield channel, theirs
    channel.close()
    theirs.close()


async def outcome(channel: Channel) -> str:
    try:
        async with asyncio.timeout(10):
            await channel.hello()
            await channel.run("true")
    except ComputerGone as gone:
        return str(gone)
    return "answered"


@pytest.mark.asyncio(loop_scope="function")
@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 500 no\r\n", "garbled"),
        (frame(2, b"not a notice\n"), "garbled"),
        (frame(1, b"unasked"), "garbled"),
        (frame(2, b"h 1\nx 5 0\n"), "garbled"),
        (frame(2, b"h 1\n") + frame(2, b"x" * 5000), "garbled"),
    ],
)
async def test_garbage_is_gone(peer: tuple[Channel, socket.socket], said: bytes, why: str) -> None:
    channel, theirs = peer
    theirs.sendall(said)
    assert why in await outcome(channel)
    assert channel.ended
    assert why in await outcome(channel)


@pytest.mark.asyncio(loop_scope="function")
async def test_end_of_stream_is_gone(peer: tuple[Channel, socket.socket]) -> None:
    channel, theirs = peer
    theirs.close()
    assert "stream" in await outcome(channel)


@pytest.mark.asyncio(loop_scope="function")
async def test_silence_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_module, "HELLO_LIMIT", 0.05)
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    assert "no sign of life" in await outcome(channel)
    theirs.close()


@pytest.mark.asyncio(loop_scope="function")
async def test_peer_that_reads_nothing_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "WRITE_LIMIT", 0.05)
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    theirs.sendall(frame(2, b"h 1\n"))
    await channel.hello()
    with pytest.raises(ComputerGone, match="takes no more bytes"):
        async with asyncio.timeout(10):
            await channel.run("#" * 4_000_000)
    theirs.close()


@pytest.mark.asyncio(loop_scope="function")
async def test_peer_that_floods_does_not_stop_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_module, "PONG_LIMIT", 0.2)
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    theirs.setblocking(False)

    async def flood() -> None:
        loop = asyncio.get_running_loop()
        while True:
            await loop.sock_sendall(theirs, frame(2, b"h 1\n" * 1000))

    flooding = asyncio.ensure_future(flood())
    assert "no longer answers" in await outcome(channel)
    with pytest.raises(OSError):  # broken pipe: the channel has hung up
        async with asyncio.timeout(10):
            await flooding
    theirs.close()


@pytest.mark.asyncio(loop_scope="function")
async def test_close_ends_what_runs(client: docker.DockerClient) -> None:
    async with started(client) as computer:
        running = asyncio.ensure_future(computer.send_shell_command("sleep 600"))
        assert (await computer.send_shell_command("true")).exit_code == 0
        computer.close()
        computer.close()
        with pytest.raises(ComputerGone):
            await running


def test_channel_serves_loop_after_loop(client: docker.DockerClient) -> None:
    with asyncio.Runner() as runner:
        computer = runner.run(DockerProvider(client).start(a_spec()))
        assert runner.run(computer.check_shell_command("echo one")).output == b"one\n"
    with asyncio.Runner() as runner:
        assert runner.run(computer.check_shell_command("echo two")).output == b"two\n"
        runner.run(computer.cleanup())
