"""Keeping the images that are ours within a budget of disk space, and touching no others."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.build import BUILD_LABEL, POOL_LABEL, pool
from swelancer_plugin.computers.engine import address
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.locks import lock, private_directory
from swelancer_plugin.files import atomic_write
from swelancer_plugin.settings import Size

if TYPE_CHECKING:
    from docker import DockerClient

LOCK_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Stored:
    """An image as an engine stores it."""

    tag: str
    layers: tuple[str, ...]
    size: int
    """Of all its layers, in bytes."""
    last_used: str
    """When it was made or asked for last; sorts by time."""

    def is_below(self, other: Stored) -> bool:
        """Whether the other one stands on it: has all of its layers, and more."""
        count = len(self.layers)
        return count < len(other.layers) and other.layers[:count] == self.layers


class Budget:
    """Makes room before an image is built, and gives up one that does not fit."""

    def __init__(
        self,
        client: DockerClient,
        limit: Size,
        needed: Callable[[], Collection[str]],
        say: Callable[[str], None],
    ) -> None:
        self._client = client
        self._limit = limit
        self._needed = needed
        self._say = say
        self._pins: dict[str, frozenset[str]] = {}

    def pin(self, task: str, tags: Collection[str]) -> None:
        """Keep images for a task of this process, whether they exist or not."""
        with self._locked():
            self._pins[task] = frozenset(tags)
            self._write_pins()

    def release_but(self, tasks: Collection[str]) -> None:
        """Keep images for no other than these tasks."""
        with self._locked():
            self._pins = {task: tags for task, tags in self._pins.items() if task in tasks}
            self._write_pins()

    def _write_pins(self) -> None:
        lines = sorted({tag for tags in self._pins.values() for tag in tags})
        atomic_write(_pins() / str(os.getpid()), "\n".join(lines).encode())

    def _locked(self) -> AbstractContextManager[None]:
        """Hold what keeps processes, and threads, from removing what others begin to use."""
        return lock(f"the disk budget of {address(self._client)}", LOCK_SECONDS)

    def used(self, tag: str) -> None:
        """Note that an image that exists was asked for now."""
        repository, _, version = tag.rpartition(":")
        self._client.api.tag(tag, repository, version)

    @contextmanager
    def room(self, tag: str) -> Iterator[None]:
        """Build an image in here, with its lock held.

        Raises EngineError where it does not fit, and then it is gone.
        """
        self._settle(f"for {tag} to be built", tag)
        yield
        try:
            self._settle(f"with {tag}", tag)
        except EngineError:
            self._remove(tag)
            raise

    def _settle(self, when: str, tag: str) -> None:
        """Remove what nobody needs, the longest unused first, until the rest fits."""
        with self._locked():
            images = stored(self._client)
            if (before := total(images)) <= self._limit:
                return
            removed: list[str] = []
            kept = {*self._needed(), *_pinned_by_processes(), BASE_IMAGE, tag}
            while total(images) > self._limit and (victim := _victim(images, kept)):
                images = [image for image in images if image is not victim]
                if self._remove(victim.tag):
                    removed.append(victim.tag)
                else:  # a container is on it
                    kept.add(victim.tag)
                    images.append(victim)
            after = total(images)
        if removed:
            self._say(
                f"--disk-budget {self._limit}: removed {', '.join(removed)}, which no task "
                f"of this run needs any more ({Size(before)} are {Size(after)} now)"
            )
        if after > self._limit:
            raise EngineError(
                f"--disk-budget {self._limit} can't be kept: {when}, the images that tasks "
                f"of this run or containers need take {Size(after)}. To do: raise it, or select "
                "fewer tasks at once with -k"
            )

    def _remove(self, tag: str) -> bool:
        from docker.errors import APIError, ImageNotFound

        try:
            self._client.api.remove_image(tag)
        except ImageNotFound:
            return True
        except APIError as error:
            if error.status_code != 409:
                raise EngineError(f"removing {tag} failed: {error}") from error
            return False
        return True


def stored(client: DockerClient) -> list[Stored]:
    """Return the images of this pool and the base image. Raises EngineError."""
    from docker.errors import DockerException, ImageNotFound

    found: list[Stored] = []
    try:
        ours = client.api.images(filters={"label": f"{POOL_LABEL}={pool()}", "dangling": False})
        # By the name that we gave: others may have given it names, or made images of it.
        names = [each["Labels"].get(BUILD_LABEL) for each in ours]
        known = {tag for each in ours for tag in each["RepoTags"] or ()}
        for name in (BASE_IMAGE, *(name for name in names if name in known)):
            try:
                about = client.images.get(name).attrs
            except ImageNotFound:  # removed meanwhile
                continue
            layers = tuple(about["RootFS"].get("Layers") or ())
            found.append(Stored(name, layers, about["Size"], about["Metadata"]["LastTagTime"]))
    except (DockerException, OSError) as error:
        raise EngineError(f"the engine does not list its images: {error}") from error
    return found


def total(images: Collection[Stored]) -> int:
    """Return how many bytes images take together, layers that they share counted once."""
    whole: dict[tuple[str, ...], Stored] = {image.layers: image for image in images}
    alone = 0
    for image in whole.values():
        below = (other.size for other in whole.values() if other.is_below(image))
        alone += image.size - max(below, default=0)
    return alone


def _victim(images: Collection[Stored], kept: Collection[str]) -> Stored | None:
    """Return the image to go next: one that nothing is made of, so that its going frees space."""
    free = (
        image
        for image in images
        if image.tag not in kept and not any(image.is_below(other) for other in images)
    )
    return min(free, key=lambda image: image.last_used, default=None)


def _pins() -> Path:
    folder = private_directory() / "pins"
    folder.mkdir(exist_ok=True)
    return folder


def _pinned_by_processes() -> Iterator[str]:
    """Yield what living processes are working with; a dead one's file goes."""
    for path in _pins().iterdir():
        if not path.name.isdigit():  # one that is being written
            continue
        try:
            os.kill(int(path.name), 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
            continue
        except PermissionError:
            pass  # it lives, as another user's
        yield from path.read_text().split("\n")
