"""A loopback port of this machine that leads to one in a container without a network.

Each connection is a command of the engine's own (exec) in the container, which copies bytes between
its standard streams and the port: it works wherever the engine runs, and needs bash in the image.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, cast

from docker.utils.socket import STDOUT, frames_iter

from swelancer_plugin.computers.attachment import AttachedStream

if TYPE_CHECKING:
    from docker import APIClient

_CHUNK: Final = 1 << 16
_COPY: Final = 'exec 3<>/dev/tcp/127.0.0.1/"$1" || exit; cat <&3 & cat >&3; wait'


@contextmanager
def forwarded(api: APIClient, container: str, port: int, here: int = 0) -> Iterator[int]:
    """Forward while the block lasts, and yield the port of this machine; 0 takes a free one.

    Raises OSError where the port is taken.
    """
    server = _Server(("127.0.0.1", here), _Connection)
    server.api, server.container, server.target = api, container, port
    thread = threading.Thread(target=server.serve_forever, name="swelancer-forward", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False  # a person's browser keeps its connections
    api: APIClient
    container: str
    target: int


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        """Join a connection to the container's port until either side ends it."""
        server, client = cast("_Server", self.server), cast("socket.socket", self.request)
        made = server.api.exec_create(
            server.container, ["bash", "-c", _COPY, "forward", str(server.target)], stdin=True
        )
        held = server.api.exec_start(made["Id"], socket=True)
        stream = AttachedStream(held)
        outward = threading.Thread(target=_send, args=[client, stream], daemon=True)
        outward.start()
        with suppress(OSError):
            frames = frames_iter(getattr(held, "_sock", held), tty=False)  # type: ignore[no-untyped-call]  # has no types
            for kind, data in frames:
                if kind == STDOUT:
                    client.sendall(data)
        stream.close()
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


def _send(client: socket.socket, stream: AttachedStream) -> None:
    with suppress(OSError):
        while data := client.recv(_CHUNK):
            view = memoryview(data)
            while view:
                view = view[stream.send(view) :]
    stream.close()
