"""Images as a run makes them: dependencies shared, nothing half-made left."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.images import plans
from swelancer_plugin.datasets.native import load_repository
from tests.acceptance.project import Project

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


def left_of(client: DockerClient, tag: str) -> list[object]:
    chosen = {"label": f"swelancer.build={tag}"}
    containers = client.api.containers(all=True, filters=chosen)
    return [*containers, *client.api.images(all=True, filters=chosen)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("workers", [0, 2])
def test_an_interrupted_build_leaves_nothing(
    project: Project, client: DockerClient, number: signal.Signals, workers: int
) -> None:
    install = f"sleep 3600 # {uuid.uuid4().hex}"
    lines = ["[dependencies]", f"install = {json.dumps(install)}", 'lock = ["app.js"]']
    project.repository(*lines)
    for name in "abc":
        project.task(name)
    repository = load_repository(project.path / "tasks/app/repository.toml")
    tag = plans(client, repository)[0].tag
    assert tag.startswith("swelancer/dependencies:")
    events = client.events(
        since=int(time.time()),
        until=int(time.time()) + 60,
        filters={"type": "container", "event": "start", "label": f"swelancer.build={tag}"},
        decode=True,
    )
    with (project.path / "out.txt").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "--model=nop", f"-n{workers}"],
            cwd=project.path,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    assert next(iter(events), None) is not None, (project.path / "out.txt").read_text()
    assert left_of(client, tag) != []
    process.send_signal(number)
    process.wait(timeout=15)
    output = (project.path / "out.txt").read_text()
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert left_of(client, tag) == []
