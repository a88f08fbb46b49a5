from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.engine import connect
from swelancer_plugin.runs.cleanup import KEEP_LABEL, RUN_LABEL, TASK_LABEL, sweep

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
