"""--disk-budget in real runs: an order, the next image ahead, and only our own images removed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.engine import connect
from tests.acceptance.project import Project

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.slow

MEGABYTES = 10


class Pool:
    """Images of one test alone."""

    def __init__(self, client: DockerClient, project: Project) -> None:
        self.name = f"test-{uuid.uuid4().hex[:12]}"
        self.client = client
        self._project = project

    def repository(self, letter: str) -> None:
        """Write a repository whose image is of some megabytes."""
        folder = self._project.path / "tasks" / f"repository-{letter}"
        (folder / "source").mkdir(parents=True)
        (folder / "source" / "big").write_bytes(os.urandom(MEGABYTES * 1_000_000))
        name = f"{self.name}-{letter}"
        text = f'name = "{name}"\nsource = "source"\nworkdir = "/app/app"\n'
        (folder / "repository.toml").write_text(text)

    def task(self, task_id: str) -> None:
        """Write a task about the repository of its first letter."""
        self._project.task(task_id, repository=f"../repository-{task_id[0]}")

    def letters(self) -> list[str]:
        """Return which repositories have an image."""
        tags = self.tags(f"swelancer.pool={self.name}")
        return sorted(tag.partition(":")[0].rpartition("-")[2] for tag in tags)

    def tags(self, label: str) -> list[str]:
        images = self.client.api.images(filters={"label": label})
        return [tag for image in images for tag in image["RepoTags"] or ()]

    def budget(self, megabytes: float) -> str:
        """Return the option for this much beside the base image."""
        base = self.client.images.get(BASE_IMAGE).attrs["Size"] / 1e6
        return f"--disk-budget={base + megabytes:.1f}M"


@pytest.fixture
def pool(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    client = connect()
    pool = Pool(client, project)
    monkeypatch.setenv("SWELANCER_IMAGE_POOL", pool.name)
    yield pool
    for tag in pool.tags(f"swelancer.pool={pool.name}"):
        client.api.remove_image(tag)
    client.close()


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_keeps_its_budget_and_takes_nothing_else_away(
    project: Project, pool: Pool, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = f"{pool.name}-foreign"
    pool.client.images.get(BASE_IMAGE).tag(foreign)
    for letter in "abcdez":
        pool.repository(letter)
    pool.task("z-other")
    monkeypatch.setenv("SWELANCER_IMAGE_POOL", f"{pool.name}-other")
    assert project.run("--model=gold", "tasks/z-other").ret == 0
    monkeypatch.setenv("SWELANCER_IMAGE_POOL", pool.name)
    try:
        pool.task("e-before")
        assert project.run("--model=gold", "tasks/e-before").ret == 0
        assert pool.letters() == ["e"]
        for task in ("a-1", "b-2", "a-3", "c-4", "b-5", "d-6"):
            pool.task(task)
        arguments = [f"tasks/{name}" for name in ("a-1", "b-2", "a-3", "c-4", "b-5", "d-6")]
        at_once = 2 * max(workers, 1)  # a task's and the next one's
        room = pool.budget(MEGABYTES * at_once + 5)
        result = project.run("--model=gold", room, f"-n{workers}", "-v", *arguments)
        output = result.stdout.str()
        assert result.ret == 0, output
        assert "e" not in pool.letters(), output
        assert len(pool.letters()) <= at_once
        assert "which no task of this run needs any more" in output
        others = pool.tags(f"swelancer.pool={pool.name}-other")
        assert len(others) == 1
        assert pool.client.images.get(foreign).id == pool.client.images.get(BASE_IMAGE).id
    finally:
        pool.client.api.remove_image(foreign)
        for tag in pool.tags(f"swelancer.pool={pool.name}-other"):
            pool.client.api.remove_image(tag)


def test_tasks_that_share_an_image_follow_one_another(project: Project, pool: Pool) -> None:
    for letter in "ab":
        pool.repository(letter)
    names = ("b-1", "a-2", "b-3", "a-4")
    for name in names:
        pool.task(name)
    paths = [f"tasks/{name}" for name in names]
    result = project.run("--collect-only", "-q", "--disk-budget=1G", *paths)
    found = [line.split("/")[1] for line in result.outlines if line.startswith("tasks/")]
    assert found == ["b-1", "b-3", "a-2", "a-4"]
    result = project.run("--collect-only", "-q", *paths)
    found = [line.split("/")[1] for line in result.outlines if line.startswith("tasks/")]
    assert found == [*names]


def test_a_budget_that_can_not_be_kept_is_told_with_what_to_do(
    project: Project, pool: Pool
) -> None:
    pool.repository("a")
    pool.task("a-1")
    result = project.run("--model=gold", pool.budget(MEGABYTES / 2))
    assert result.ret == 1
    (record,) = project.records()
    assert record["outcome"] == "void"
    assert "--disk-budget" in record["reason"]
    assert "can't be kept" in record["reason"]
    assert "To do: raise it" in result.stdout.str()
    assert pool.letters() == []


def test_the_next_image_is_built_while_a_task_is_worked_on(project: Project, pool: Pool) -> None:
    project.pytester.makeconftest(
        f"""
        import time
        import pytest
        from swelancer_plugin.computers.engine import connect

        since = int(time.time())

        class Watcher:
            name = "watcher"
            async def solve(self, brief, computer, model, limits, transcript):
                if brief.task_id == "a-1":
                    filters = {{"type": "image", "event": "tag"}}
                    until = int(time.time()) + 60
                    events = connect().events(
                        since=since, until=until, filters=filters, decode=True
                    )
                    tags = (event["Actor"]["Attributes"]["name"] for event in events)
                    next(tag for tag in tags if tag.startswith("swelancer/{pool.name}-b:"))

        @pytest.fixture
        def agent():
            return Watcher()
        """
    )
    for letter in "ab":
        pool.repository(letter)
        pool.task(f"{letter}-1")
    result = project.run("--model=nop", "--disk-budget=100G")
    outcomes = {record["task_id"]: record["outcome"] for record in project.records()}
    assert outcomes == {"a-1": "no_submission", "b-1": "no_submission"}, result.stdout.str()
