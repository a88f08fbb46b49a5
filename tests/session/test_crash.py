from __future__ import annotations

import gc
from contextlib import closing
from pathlib import Path

import docker
import pytest

from swelancer_plugin.computers.docker import DockerProvider
from swelancer_plugin.session.crash import sweep_run
from swelancer_plugin.session.run import Run
from swelancer_plugin.settings import Settings


def a_run(path: Path) -> Run:
    return Run(Settings(), {}, path, path, "a-token-of-no-run")


# The docker package leaves a refused socket to the collector, which may run at any moment.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_engine_that_went_away_is_said_and_takes_no_run_with_it(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    address = f"unix://{tmp_path}/gone.sock"
    with closing(docker.DockerClient(base_url=address, version="1.41")) as client:
        run.provider = DockerProvider(client)
        for task in (None, "tasks/one"):
            assert sweep_run(run, task).startswith("could not look for containers")
    gc.collect()  # not in the next test


def test_without_containers_there_is_nothing_to_sweep(tmp_path: Path) -> None:
    assert sweep_run(a_run(tmp_path)) == ""
