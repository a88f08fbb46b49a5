from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingUnixStreamServer
from typing import TYPE_CHECKING

import docker
import pytest

from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.runs.cleanup import KEEP_LABEL, RUN_LABEL, TASK_LABEL, sweep
from tests.computers.engine_stand_in import engine

if TYPE_CHECKING:
    from docker import DockerClient


@contextmanager
def container(client: DockerClient, labels: dict[str, str]) -> Iterator[str]:
    made = client.api.create_container(BASE_IMAGE, ["true"], labels=labels)["Id"]
    try:
        yield made
    finally:
        if present(client, made):
            client.api.remove_container(made, force=True)


def present(client: DockerClient, made: str) -> bool:
    return any(each["Id"] == made for each in client.api.containers(all=True))


def test_a_sweep_takes_what_its_run_left_in_any_state_and_nothing_else() -> None:
    client = connect()
    mine, other = uuid.uuid4().hex, uuid.uuid4().hex
    with (
        container(client, {RUN_LABEL: mine, TASK_LABEL: "d/1"}) as created,
        container(client, {RUN_LABEL: mine, TASK_LABEL: "d/2"}) as exited,
        container(client, {RUN_LABEL: mine, KEEP_LABEL: "1"}) as kept,
        container(client, {RUN_LABEL: other}) as foreign,
    ):
        client.api.start(exited)
        client.api.wait(exited)
        assert sweep(client, mine, task="d/2") == 1
        assert (present(client, created), present(client, exited)) == (True, False)
        assert sweep(client, mine) == 1
        assert sweep(client, mine) == 0
        assert not present(client, created)
        assert present(client, kept)
        assert present(client, foreign)


@pytest.mark.parametrize("answer", [b"no engine's words", b'[{"Id": "a"}]'])
def test_an_engine_that_fails_is_an_engine_error(tmp_path: Path, answer: bytes) -> None:
    """Garbage; or containers that it does not know how to remove (501)."""
    client = docker.DockerClient(base_url=f"unix://{tmp_path}/socket", version="1.41")
    with engine(tmp_path / "socket", answer), pytest.raises(EngineError):
        sweep(client, "token")
    client.close()


def test_an_engine_that_hangs_up_is_an_engine_error(tmp_path: Path) -> None:
    with ThreadingUnixStreamServer(str(tmp_path / "socket"), BaseRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        client = docker.DockerClient(base_url=f"unix://{tmp_path}/socket", version="1.41")
        with pytest.raises(EngineError, match="does not answer"):
            sweep(client, "token")
        client.close()
        server.shutdown()
        thread.join()
