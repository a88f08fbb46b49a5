"""The relay that joins an app and its judge, one way. A script of its own: it runs in containers.

    relay.py unix:/relay/app.sock tcp:8080    beside the app: what arrives at the socket goes to it
    relay.py tcp:8080 unix:/relay/app.sock    in the judge: what arrives at the port goes there

It ends once it listens, and goes on in the background: who started it may connect at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys

CONNECTIONS = 256
"""Connections at once; one more is closed as soon as it is taken."""
LINGER_SECONDS = 60.0
"""How long one direction may go on after the other has ended."""
CHUNK_BYTES = 1 << 16

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def listen(address: str) -> socket.socket:
    """Return a listening socket of ``tcp:port`` (on loopback) or ``unix:path``. Raises OSError."""
    kind, _, place = address.partition(":")
    if kind == "unix":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(place)
        os.chmod(place, 0o666)  # noqa: S103  # the judge is no root, and nobody else has the volume
    else:
        listener = socket.socket(socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", int(place)))
    listener.listen(CONNECTIONS)
    return listener


async def connect(address: str) -> Streams:
    """Connect to such an address. Raises OSError."""
    kind, _, place = address.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(place, limit=CHUNK_BYTES)
    # no name: the app can write the hosts file that containers of one network share
    return await asyncio.open_connection("127.0.0.1", int(place), limit=CHUNK_BYTES)


async def serve(listener: socket.socket, target: str) -> None:
    """Join every connection to one of its own at `target`, for ever."""
    joined = 0

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal joined
        if joined >= CONNECTIONS:
            writer.transport.abort()
            return
        joined += 1
        try:
            await relay((reader, writer), target)
        finally:
            joined -= 1
            writer.transport.abort()

    if listener.family == socket.AF_UNIX:
        server = await asyncio.start_unix_server(join, sock=listener, limit=CHUNK_BYTES)
    else:
        server = await asyncio.start_server(join, sock=listener, limit=CHUNK_BYTES)
    await server.serve_forever()


async def relay(here: Streams, target: str) -> None:
    """Carry bytes both ways; the end of one direction is passed on as such, and lets the other be.

    A connection that is reset, or refused at `target`, ends both.
    """
    try:
        there = await connect(target)
    except OSError:
        return
    ways = {
        asyncio.ensure_future(carry(here[0], there[1])),
        asyncio.ensure_future(carry(there[0], here[1])),
    }
    try:
        ended, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        if left and all(way.result() for way in ended):
            ended, left = await asyncio.wait(ways, timeout=LINGER_SECONDS)
        if not left and all(way.result() for way in ended):
            await flush(here[1], there[1])
    finally:
        for way in ways:
            way.cancel()
        there[1].transport.abort()


async def flush(*writers: asyncio.StreamWriter) -> None:
    """Close connections once what was written has been taken; not for ever."""
    for writer in writers:
        writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            for writer in writers:
                await writer.wait_closed()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Carry bytes until their end, and pass that on; False where the connection broke."""
    try:
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        return False
    return True


def main(source: str, target: str) -> None:
    """Listen, then go on in a child of no session, its output closed."""
    listener = listen(source)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    if os.fork():
        os._exit(0)
    os.setsid()
    asyncio.run(serve(listener, target))


if __name__ == "__main__":
    main(*sys.argv[1:])
