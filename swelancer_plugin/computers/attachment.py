"""The raw stream to a container's stdin, stdout and stderr, taken out of the client library."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docker import APIClient


def attach(api: APIClient, container: str) -> AttachedStream:
    """Attach to a container that was made but not started, so that no byte is missed."""
    wants = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
    return AttachedStream(api.attach_socket(container, params=wants))


class AttachedStream:
    """A connection that the engine has turned into a stream.

    It also holds the HTTP response, without which the connection would be closed.
    """

    def __init__(self, held: Any) -> None:  # noqa: ANN401  # a type that differs by transport
        self._held = held
        self._socket: socket.socket = getattr(held, "_sock", held)

    def fileno(self) -> int:
        """Return the descriptor to select on."""
        return self._socket.fileno()

    def setblocking(self, flag: bool, /) -> None:
        """As of a socket."""
        self._socket.setblocking(flag)

    def recv(self, size: int, /) -> bytes:
        """As of a socket."""
        return self._socket.recv(size)

    def send(self, data: memoryview, /) -> int:
        """As of a socket."""
        return self._socket.send(data)

    def close(self) -> None:
        """Release the connection; the container's stdin ends."""
        with contextlib.suppress(OSError):  # the other end may have been faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._held.close()
        self._socket.close()
