from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swelancer_plugin.computers import relay

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Handler: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PATIENCE = 30.0
MEGABYTE = 1 << 20

pytestmark = pytest.mark.asyncio(loop_scope="function")


@asynccontextmanager
async def relays(port: int) -> AsyncIterator[int]:
    """Lead from a port, by way of a unix socket, to another port: both relays, as they are run."""
    with TemporaryDirectory() as directory:
        between = f"unix:{directory}/app.sock"
        front = relay.listen("tcp:0")
        serving = [
            asyncio.create_task(relay.serve(relay.listen(between), f"tcp:{port}")),
            asyncio.create_task(relay.serve(front, between)),
        ]
        try:
            yield int(front.getsockname()[1])
        finally:
            ours = {*serving, asyncio.current_task()}
            while others := asyncio.all_tasks() - ours:  # connections, whose clients are gone
                await asyncio.wait(others)
            for each in serving:
                each.cancel()
            await asyncio.gather(*serving, return_exceptions=True)


@asynccontextmanager
async def relayed(handler: Handler) -> AsyncIterator[Callable[[], Awaitable[Streams]]]:
    """Serve connections with `handler`, and yield how to connect to it through the relays."""
    async with AsyncExitStack() as stack:

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                await handler(reader, writer)
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        stack.callback(server.close)
        port = await stack.enter_async_context(relays(server.sockets[0].getsockname()[1]))

        async def connect() -> Streams:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(abort, writer)
            return reader, writer

        async with asyncio.timeout(PATIENCE):
            yield connect


def abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


async def after_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer when the question has ended: the client's half is closed by then."""
    asked = await reader.read()
    writer.write(b"%d " % len(asked) + b"x" * MEGABYTE)
    await writer.drain()


async def test_answer_after_the_question_has_ended() -> None:
    async with relayed(after_the_end) as connect:
        reader, writer = await connect()
        writer.write(b"q" * MEGABYTE)
        writer.write_eof()
        assert await reader.read() == b"%d " % MEGABYTE + b"x" * MEGABYTE


async def test_answer_that_ends_with_the_connection() -> None:
    """HTTP/1.0: the end of the body is the server's end, while the client's half is still open."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + b"y" * 3 * MEGABYTE)

    async with relayed(answer) as connect:
        reader, writer = await connect()
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        assert await reader.read() == b"HTTP/1.0 200 OK\r\n\r\n" + b"y" * 3 * MEGABYTE


async def test_conversation_both_ways() -> None:
    """A websocket's way: neither side ends, each waits for the other."""
    async with relayed(echo) as connect:
        several = [await connect() for _ in range(5)]
        for turn in range(20):
            for number, (reader, writer) in enumerate(several):
                writer.write(b"%d-%d\n" % (turn, number))
                assert await reader.readline() == b"%d-%d\n" % (turn, number)


async def test_bytes_stay_as_they_are() -> None:
    pieces = st.lists(st.binary(min_size=1, max_size=5000), min_size=1, max_size=5)

    async def through(sent: list[bytes]) -> None:
        async with relayed(echo) as connect:
            reader, writer = await connect()
            for piece in sent:
                writer.write(piece)
            writer.write_eof()
            assert await reader.read() == b"".join(sent)

    @settings(max_examples=30, deadline=None)
    @given(pieces)
    def check(sent: list[bytes]) -> None:
        asyncio.run(through(sent))

    await asyncio.to_thread(check)


async def test_nobody_there_is_an_end() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with relays(unused.getsockname()[1]) as port:
            for _ in range(3):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                with suppress(ConnectionError):
                    assert await reader.read() == b""
                writer.transport.abort()


async def test_connections_that_break_end_both_sides() -> None:
    ended = asyncio.Queue[str]()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        with suppress(ConnectionError):
            await reader.read()
        ended.put_nowait("by the client")

    async with relayed(listen) as connect:
        reader, writer = await connect()
        assert await reader.readexactly(5) == b"hello"
        writer.write(b"x" * 100)
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
        )
        writer.transport.abort()  # a reset
        assert await ended.get() == "by the client"
        reader, writer = await connect()
        assert await reader.readexactly(5) == b"hello"


async def test_one_more_connection_than_may_be() -> None:
    async with relayed(echo) as connect:
        held = [await connect() for _ in range(relay.CONNECTIONS)]
        for reader, writer in held:
            writer.write(b"here\n")
            assert await reader.readline() == b"here\n"
        reader, writer = await connect()
        with suppress(ConnectionError):
            assert await reader.read() == b""
        held[0][1].write_eof()
        assert await held[0][0].read() == b""
        answer = b""
        while not answer:  # the relay learns of the end when it is told
            reader, writer = await connect()
            writer.write(b"again\n")
            with suppress(ConnectionError):
                answer = await reader.readline()
        assert answer == b"again\n"


async def test_half_a_connection_does_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LINGER_SECONDS", 0.01)
    ended = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        while not ended.is_set():
            try:
                writer.write(b"x")
                await writer.drain()
            except ConnectionError:
                ended.set()
            await asyncio.sleep(0)

    async with relayed(never_answer) as connect:
        reader, writer = await connect()
        writer.write_eof()
        await reader.read()
        await ended.wait()


async def test_what_nobody_reads_is_not_piled_up() -> None:
    sent = asyncio.Queue[int]()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        total = 0
        with suppress(TimeoutError):
            while True:
                writer.write(b"z" * (1 << 16))
                total += 1 << 16
                async with asyncio.timeout(0.5):
                    await writer.drain()
        sent.put_nowait(total)
        writer.transport.abort()

    async with relayed(endless) as connect:
        _, writer = await connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a real socket it is one
        assert await sent.get() < 32 * MEGABYTE  # the kernel's buffers hold most of it


async def test_addresses_are_loopback_or_a_path(tmp_path: Path) -> None:
    with relay.listen("tcp:0") as tcp, relay.listen(f"unix:{tmp_path}/s") as unix:
        assert tcp.getsockname()[0] == "127.0.0.1"
        assert unix.getsockname() == f"{tmp_path}/s"
