"""Computers to test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import docker
import pytest

from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.docker import DockerComputer, DockerProvider
from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.interface import ComputerSpec
from swelancer_plugin.task import Repository

WORKDIR = "/app/evenly"
LABELS = {"swelancer.test": "conformance"}


def a_spec(*, source: Path | None = None, keep: bool = False, pids: int = 128) -> ComputerSpec:
    return ComputerSpec(
        repository=Repository("evenly", WORKDIR, source),
        image=BASE_IMAGE,
        workdir=WORKDIR,
        memory_bytes=256 * 1024 * 1024,
        pids=pids,
        labels=dict(LABELS),
        keep=keep,
    )


@pytest.fixture(scope="session")
def client() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    client.close()


@asynccontextmanager
async def started(
    client: docker.DockerClient, spec: ComputerSpec | None = None
) -> AsyncIterator[DockerComputer]:
    computer = await DockerProvider(client).start(spec or a_spec())
    try:
        yield computer
    finally:
        await computer.cleanup()
