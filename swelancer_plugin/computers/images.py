"""Images with a task's repository in place, each built once and named after what is in it.

They stand on one another: the base image, the packages of a repository, what it depends on, its
files. So the tasks of one repository share all but its files, and theirs is a small layer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from swelancer_plugin.computers.base_image import BASE_IMAGE, base_image_id
from swelancer_plugin.computers.budget import Budget
from swelancer_plugin.computers.build import Plan, build, ensure, has
from swelancer_plugin.computers.context import SOURCE
from swelancer_plugin.computers.engine import address
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.recipe import inputs
from swelancer_plugin.datasets.errors import DatasetError
from swelancer_plugin.datasets.tree import file_digest, tree_digest
from swelancer_plugin.task import Repository

if TYPE_CHECKING:
    from docker import DockerClient

KIND_LABEL: Final = "swelancer.image"
"""On every image that is ours: packages, dependencies, repository, judge, desktop."""
REPOSITORY_LABEL: Final = "swelancer.repository"

_Key: TypeAlias = "tuple[str, Repository | str]"
_planned: dict[_Key, list[Plan]] = {}
"""How images are made, by engine and by what they are for; a source is read once in a process."""
_seen: set[_Key] = set()
"""What this process knows to be on an engine."""


def repository_image(
    client: DockerClient, repository: Repository, budget: Budget | None = None
) -> str:
    """Return the image of a task's repository, built first if this engine does not have it.

    Its packages, and what it depends on, lie in images of their own below, which all that need
    the same ones share. Where git is among them, the files are committed: one commit, no other
    history. Without a source and packages it is the base image (the computer makes the working
    directory). The first call in a process reads the source; later ones cost nothing, so a source
    that changes while a process runs is not seen. Raises EngineError, naming the step of a failed
    build.
    """
    return _once(client, repository, lambda: plans(client, repository), budget)


def judge_image(client: DockerClient, budget: Budget | None = None) -> str:
    """Return the image of judges: Chromium, and a Python with pytest and Playwright.

    The relay's script is ``/opt/swelancer/relay.py``. Raises EngineError.
    """
    return _once(client, "judge", lambda: judge_plans(client), budget)


def desktop_image(client: DockerClient) -> str:
    """Return the image of a judge with a screen to look at from outside. Raises EngineError."""
    return _once(client, "desktop", lambda: desktop_plans(client))


def image_tag(repository: Repository, source: Path, base_id: str) -> str:
    """Return the image's name: the digest of all that is in it, from its base to its files."""
    about = [base_id.encode(), repository.workdir.encode(), *inputs("app")]
    about += [package.encode() for package in _sorted(repository.packages)]
    if needed := repository.dependencies:
        about += [needed.install.encode(), *(name.encode() for name in sorted(needed.lock))]
    name = re.sub(r"[^a-z0-9]+", "-", repository.name.lower()).strip("-") or "repository"
    return f"swelancer/{name}:{tree_digest(source, *about)[:16]}"


def plans(client: DockerClient, repository: Repository) -> list[Plan]:
    """Return how the image of a repository is made, from the lowest one up. Raises EngineError."""
    try:
        found: list[Plan] = []
        if repository.packages:
            found.append(_packages(client, repository.packages))
        if repository.source is not None:
            if repository.dependencies is not None:
                found.append(_dependencies(client, repository, repository.source, _top(found)))
            found.append(_files(client, repository, repository.source, found))
    except DatasetError as error:
        raise EngineError(str(error)) from error
    return found


def judge_plans(client: DockerClient) -> list[Plan]:
    """Return how the image of judges is made. Raises EngineError."""
    tag = f"swelancer/judge:{_digest(_base_id(client).encode(), *inputs('judge'))}"
    labels = {KIND_LABEL: "judge"}
    return [Plan(tag, "judge", {}, {"BASE_IMAGE": BASE_IMAGE}, labels=labels, network=True)]


def desktop_plans(client: DockerClient) -> list[Plan]:
    """Return how the image of a judge with a screen is made. Raises EngineError."""
    below = judge_plans(client)
    given = {"judge": _top(below)}
    tag = f"swelancer/desktop:{_digest(_top(below).encode(), *inputs('desktop', 'judge'))}"
    labels = {KIND_LABEL: "desktop"}
    return [*below, Plan(tag, "desktop", given, {}, labels=labels, network=True)]


def _packages(client: DockerClient, packages: tuple[str, ...]) -> Plan:
    words = " ".join(_sorted(packages))
    tag = (
        f"swelancer/packages:{_digest(_base_id(client).encode(), words.encode(), *inputs('base'))}"
    )
    arguments = {"BASE_IMAGE": BASE_IMAGE, "PACKAGES": words}
    return Plan(tag, "base", {}, arguments, labels={KIND_LABEL: "packages"}, network=True)


def _dependencies(client: DockerClient, repository: Repository, source: Path, below: str) -> Plan:
    needed = repository.dependencies
    assert needed is not None, "asked of a repository that has none"
    lock = tuple(sorted(needed.lock))
    about = [_base_id(client), below, repository.workdir, needed.install, *lock]
    digest = _digest(
        *(text.encode() for text in about),
        *(file_digest(source / name) for name in lock),
        *inputs("dependencies", "base"),
    )
    arguments = {
        **{"WORKDIR": repository.workdir, "SOURCE": SOURCE},
        **{"LOCK": " ".join(lock), "INSTALL": needed.install},
    }
    return Plan(
        f"swelancer/dependencies:{digest}",
        "dependencies",
        {"base": below},
        arguments,
        source,
        only=_with_folders(lock),
        labels={KIND_LABEL: "dependencies"},
        network=True,
    )


def _files(client: DockerClient, repository: Repository, source: Path, below: list[Plan]) -> Plan:
    labels = {KIND_LABEL: "repository", REPOSITORY_LABEL: repository.name}
    return Plan(
        image_tag(repository, source, _base_id(client)),
        "app",
        {"base": _top(below), "dependencies": _top(below)},
        {"WORKDIR": repository.workdir, "SOURCE": SOURCE},
        source,
        labels=labels,
    )


def _with_folders(names: tuple[str, ...]) -> frozenset[str]:
    parents = (str(parent) for name in names for parent in Path(name).parents)
    return frozenset({*names, *parents})


def _top(below: list[Plan]) -> str:
    return below[-1].tag if below else BASE_IMAGE


def image_names(client: DockerClient, repository: Repository) -> tuple[str, ...]:
    """Return the images of a repository, from the lowest one up. Raises EngineError."""
    found = _plans(client, repository, lambda: plans(client, repository))
    return tuple(plan.tag for plan in found)


def _once(
    client: DockerClient,
    what: Repository | str,
    planned: Callable[[], list[Plan]],
    budget: Budget | None = None,
) -> str:
    made = _plans(client, what, planned)
    # With a budget, another process may have removed what this one has seen.
    if (address(client), what) not in _seen or budget is not None:
        make(client, made, budget)
        _seen.add((address(client), what))
    return _top(made)


def _plans(
    client: DockerClient, what: Repository | str, planned: Callable[[], list[Plan]]
) -> list[Plan]:
    key = (address(client), what)
    if key not in _planned:
        _planned[key] = planned()
    return _planned[key]


def make(client: DockerClient, made: Sequence[Plan], budget: Budget | None = None) -> None:
    """Have an image, and where it has to be made all that it stands on. Raises EngineError."""
    # With a budget, one that is there may still be given up by who has just made it, so its lock
    # is waited for.
    if not made or (budget is None and has(client, made[-1].tag)):
        return
    plan = made[-1]

    def make_it() -> None:
        make(client, made[:-1], budget)
        with nullcontext() if budget is None else budget.room(plan.tag):
            build(client, plan)

    if not ensure(client, plan.tag, make_it) and budget is not None:
        budget.used(plan.tag)


def _sorted(packages: tuple[str, ...]) -> list[str]:
    return sorted(set(packages))


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()[:16]


def _base_id(client: DockerClient) -> str:
    base_id = base_image_id(client)
    if base_id is None:
        raise EngineError(f"the engine has no image {BASE_IMAGE}. To do: run swelancer setup")
    return base_id
