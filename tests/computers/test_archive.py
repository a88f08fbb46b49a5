from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import docker
import pytest

from swelancer_plugin.computers import archive
from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.engine_answers import require_alive
from swelancer_plugin.computers.interface import CommandError, ComputerGone, EngineError
from tests.computers.conftest import LABELS


@pytest.fixture
def small(client: docker.DockerClient) -> Iterator[str]:
    """A container with little room at /small, and none for writing at /fixed."""
    options = {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}
    volumes = [
        client.api.create_volume(driver_opts=options, labels=LABELS)["Name"] for _ in range(2)
    ]
    binds = [f"{volumes[0]}:/small", f"{volumes[1]}:/fixed:ro"]
    made = client.api.create_container(
        BASE_IMAGE,
        ["sleep", "600"],
        labels=LABELS,
        host_config=client.api.create_host_config(binds=binds, network_mode="none"),
    )["Id"]
    try:
        client.api.start(made)
        yield made
    finally:
        client.api.remove_container(made, force=True)
        for volume in volumes:
            client.api.remove_volume(volume)


def test_no_room_is_a_command_error(
    client: docker.DockerClient, tmp_path: Path, small: str
) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    for path, said in {
        "/small/x": "no space left",
        "/fixed/x": "read-only",
        "/nowhere/x": "not find",
        "/etc/passwd/x": "not a directory",
    }.items():
        with pytest.raises(CommandError, match=f"(?s)upload to '{path}'.*{said}"):
            archive.upload(client.api, small, large, path)
    client.api.stop(small, timeout=0)
    with pytest.raises(ComputerGone):
        archive.upload(client.api, small, large, "/small/x")


@pytest.mark.parametrize("ping", [200, 500])
def test_an_engine_fails_only_as_a_whole(tmp_path: Path, ping: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = b"OK" if ping == 200 and self.path.endswith("/_ping") else b"broken"
            self.send_response(200 if answer == b"OK" else 500)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_PUT(self) -> None:
            self.do_GET()
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    (tmp_path / "local").write_text("x")
    with ThreadingUnixStreamServer(str(tmp_path / "socket"), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        client = docker.DockerClient(base_url=f"unix://{tmp_path}/socket", version="1.41")
        expected = ComputerGone if ping == 200 else EngineError
        calls: list[Callable[[], object]] = [
            lambda: archive.download(client.api, "c", "/x"),
            lambda: archive.read_frozen(client.api, "c", "/x", 10),
            lambda: archive.upload(client.api, "c", tmp_path / "local", "/x"),
            lambda: require_alive(client.api, "c", "freeze"),
        ]
        for call in calls:
            with pytest.raises(expected):
                call()
        client.close()
        server.shutdown()
        thread.join()
