from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.budget import Budget, Stored, stored, total
from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.images import repository_image
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.settings import Size
from swelancer_plugin.task import Repository

if TYPE_CHECKING:
    from docker import DockerClient

MEGABYTE = 1_000_000


def image(tag: str, layers: str, size: int) -> Stored:
    return Stored(tag, tuple(layers), size, "")


def test_shared_layers_are_counted_once() -> None:
    base, packages = image("base", "a", 100), image("packages", "ab", 150)
    tasks = [image("one", "abc", 151), image("two", "abd", 153)]
    assert total([base, packages, *tasks]) == 154
    assert total([base, *tasks]) == 100 + 51 + 53
    assert total([base, packages, packages]) == 150
    assert total([]) == 0


class Shelf:
    """Images of a pool of their own."""

    def __init__(self, client: DockerClient, folder: Path, pool: str) -> None:
        self.client = client
        self.said: list[str] = []
        self.needed: set[str] = set()
        self._folder = folder
        self._pool = pool
        self.base = int(client.images.get(BASE_IMAGE).attrs["Size"])

    def budget(self, megabytes: float) -> Budget:
        limit = Size(self.base + megabytes * MEGABYTE)
        return Budget(self.client, limit, lambda: self.needed, self.said.append)

    def image(self, word: str, budget: Budget) -> str:
        """Have an image of a megabyte."""
        source = self._folder / word
        source.mkdir(exist_ok=True)
        (source / "big").write_bytes(word.encode() * (MEGABYTE // len(word)))
        return repository_image(
            self.client, Repository(f"{self._pool}-{word}", "/it", source), budget
        )

    def words(self) -> list[str]:
        tags = (each.tag for each in stored(self.client) if each.tag != BASE_IMAGE)
        return sorted(tag.partition(":")[0].rpartition("-")[2] for tag in tags)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    pool = f"test-{uuid4().hex[:12]}"
    monkeypatch.setenv("SWELANCER_IMAGE_POOL", pool)
    client = connect()
    shelf = Shelf(client, tmp_path, pool)
    yield shelf
    for each in stored(client):
        if each.tag != BASE_IMAGE:
            client.api.remove_image(each.tag)
    client.close()


@pytest.mark.slow
def test_the_longest_unused_that_nobody_needs_go_first(shelf: Shelf) -> None:
    budget = shelf.budget(3.5)
    for word in ("a", "b", "c"):
        shelf.image(word, budget)
    assert shelf.said == []
    shelf.image("a", budget)  # now b is the one that was asked for longest ago
    shelf.image("d", budget)
    assert shelf.words() == ["a", "c", "d"]
    assert len(shelf.said) == 1
    assert "which no task of this run needs any more" in shelf.said[0]
    shelf.needed.add(next(each.tag for each in stored(shelf.client) if "-c:" in each.tag))
    shelf.image("e", budget)
    assert shelf.words() == ["c", "d", "e"]


@pytest.mark.slow
def test_what_a_container_or_a_process_uses_stays(shelf: Shelf) -> None:
    budget = shelf.budget(2.5)
    tag = shelf.image("a", budget)
    container = shelf.client.containers.create(tag, ["true"], network_mode="none")
    try:
        budget.pin("task", [shelf.image("b", budget)])
        with pytest.raises(EngineError, match=r"can't be kept: with \S+-c:.* To do: raise it"):
            shelf.image("c", budget)
        assert shelf.words() == ["a", "b"]
        budget.release_but([])
        shelf.image("c", budget)
        assert shelf.words() == ["a", "c"]
    finally:
        container.remove()
