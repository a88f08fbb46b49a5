"""A container in which agents can work."""

from __future__ import annotations

import os
from collections.abc import Iterator

import docker
import pytest

from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.images import repository_image
from swelancer_plugin.computers.interface import ComputerSpec
from swelancer_plugin.task import Repository

WORKDIR = "/app/x"


@pytest.fixture(scope="session")
def client() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    client.close()


@pytest.fixture(scope="session")
def python_spec(
    client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ComputerSpec]:
    """A computer with python3 and a repository of one file; its image goes with the tests."""
    source = tmp_path_factory.mktemp("source")
    (source / "total.py").write_text("def total(a, b):\n    return a - b\n")
    # a name of this process: another one that runs these tests would lose its image to our removal
    repository = Repository(f"agents-{os.getpid()}", WORKDIR, source, packages=("python3",))
    image = repository_image(client, repository)
    yield spec_of(image)
    client.images.remove(image)


def spec_of(image: str) -> ComputerSpec:
    repository = Repository("agents", WORKDIR)
    labels = {"swelancer.test": "agents"}
    return ComputerSpec(repository, image, WORKDIR, 256 * 1024**2, pids=128, labels=labels)
