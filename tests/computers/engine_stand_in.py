"""A unix socket that answers like an engine, or in one of the ways in which one does not."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

VERSION = {"ApiVersion": "1.41", "Version": "99.0", "Arch": "amd64"}


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128
    answer: bytes = b""
    silent = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.silent.wait(30)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@contextmanager
def engine(path: Path, answer: bytes | None = None, *, silent: bool = False) -> Iterator[Path]:
    """Serve one answer to everything at a socket; never, where `silent`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _Server(str(path), _Handler) as server:
        server.answer = json.dumps(VERSION).encode() if answer is None else answer
        server.silent = threading.Event()
        if not silent:
            server.silent.set()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield path
        finally:
            server.silent.set()
            server.shutdown()
            thread.join()
