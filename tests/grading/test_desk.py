"""`swelancer shell`: a bundled task's app and a desktop beside it, as a person has them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
import requests

from swelancer_plugin.runs.cleanup import TASK_LABEL

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
UPGRADE = (
    "GET /websockify HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: binary\r\n\r\n"
)


@contextmanager
def shell(task: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "swelancer_plugin.cli", "shell", str(task), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def containers(client: docker.DockerClient) -> set[str]:
    label = {"label": f"{TASK_LABEL}=tasks/164"}
    return {str(each["Id"]) for each in client.api.containers(all=True, filters=label)}


def test_a_desktop_shows_the_app_and_nothing_of_it_stays(client: docker.DockerClient) -> None:
    before = containers(client)
    with shell(ROOT / "tasks" / "164", "--port", "0") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        lines = iter(process.stdout.readline, "")
        address = next(found for line in lines if (found := re.search(r"127\.0\.0\.1:(\d+)", line)))
        port = int(address[1])
        page = requests.get(f"http://127.0.0.1:{port}/vnc.html", timeout=30)
        assert "noVNC" in page.text
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(UPGRADE.encode())
            heard = b""
            while b"RFB 003" not in heard:
                data = connection.recv(4096)
                assert data, heard
                heard += data
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    assert containers(client) <= before


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("tasks/97-manager-0", "97-manager-0 is no ic_swe task: there is no app of it to try"),
        ("tasks/nowhere", "there is no .*nowhere/task.toml; name the directory of a task"),
    ],
)
def test_what_has_no_app_is_said(task: str, said: str) -> None:
    with shell(ROOT / task) as process:
        _, error = process.communicate(timeout=60)
    assert process.returncode == 3
    assert re.fullmatch(f"swelancer shell: {said}\n", error)
