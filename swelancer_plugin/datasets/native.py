"""Bundled tasks: one directory per task, with `task.toml`, `issue.md` and what goes with them.

docs/ has the format for task authors. This module imports pydantic; import it where it is used.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from swelancer_plugin.datasets.errors import TaskFileError
from swelancer_plugin.datasets.fields import dataset_name, identifier, word, workdir
from swelancer_plugin.datasets.files import (
    inside,
    no_links,
    proposal_files,
    read_text,
    read_toml,
)
from swelancer_plugin.money import parse_dollars
from swelancer_plugin.task import (
    Answer,
    App,
    Brief,
    Dependencies,
    IcAnswer,
    ManagerAnswer,
    Proposal,
    Repository,
    Task,
    Variant,
)

TASK_FILE: Final = "task.toml"
REPOSITORY_FILE: Final = "repository.toml"
MIN_PROPOSALS: Final = 2
USER_TOOL: Final = "user_tool"
USER_STEPS: Final = "steps.py"

_ONLY_FOR: Final[dict[str, Variant]] = {
    "correct_proposal": "swe_manager",
    "bug_patch": "ic_swe",
    "gold_patch": "ic_swe",
    "tests": "ic_swe",
    "test_seconds": "ic_swe",
}
# A trailing minus would have apt remove a package.
_PACKAGE: Final = re.compile(r"[a-z0-9][a-z0-9+.-]{0,98}[a-z0-9+.]")
_LOCK_FILE: Final = re.compile(r"[A-Za-z0-9._@][A-Za-z0-9._@+/-]{0,200}")
_URL_PATH: Final = re.compile(r"/[!-~]{0,500}")


def _cents(amount: int | float | str) -> int:
    return parse_dollars(amount if isinstance(amount, str) else repr(amount))


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("one line of text is wanted")
    return text


def _package(text: str) -> str:
    if _PACKAGE.fullmatch(text) is None:
        raise ValueError(f"{text[:120]!r} is not the name of a Debian package")
    return text


def _url_path(text: str) -> str:
    if _URL_PATH.fullmatch(text) is None:
        raise ValueError(f"{text[:120]!r} is not a URL's path, such as / or /api/groups")
    return text


def _below(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.name or not text.isprintable():
        raise ValueError(f"{text[:120]!r} is not a relative path below the working directory")
    return str(path)


def _lock_file(text: str) -> str:
    if _LOCK_FILE.fullmatch(text) is None:  # the names stand in a line of shell, one after another
        raise ValueError(f"{text[:120]!r} is not a file's path of letters, digits and ._@+-/")
    return _below(text)


_Seconds = Annotated[float, Field(gt=0, le=7200, allow_inf_nan=False)]


class _Schema(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _TaskFile(_Schema):
    variant: Variant
    title: Annotated[str, Field(max_length=300), AfterValidator(_line)]
    price: Annotated[int | float | str, AfterValidator(_cents)]
    repository: Annotated[str, AfterValidator(_line)]
    tags: list[Annotated[str, AfterValidator(word)]] = Field(default=[], max_length=20)
    split: Annotated[str, AfterValidator(word)] | None = None
    correct_proposal: int | None = None
    bug_patch: Annotated[str, AfterValidator(_line)] = "bug.patch"
    gold_patch: Annotated[str, AfterValidator(_line)] = "gold.patch"
    tests: Annotated[str, AfterValidator(_line)] = "hidden_tests"
    # Not a name of the form test*: pytest imports a conftest.py in there at its very start.
    test_seconds: _Seconds = 600.0


class _AppTable(_Schema):
    serve: Annotated[str, AfterValidator(_line)]
    port: Annotated[int, Field(ge=1024, le=65535)]
    build: Annotated[str, AfterValidator(_line)] = "true"
    ready: Annotated[str, AfterValidator(_url_path)] = "/"
    outputs: list[Annotated[str, AfterValidator(_below)]] = Field(default=[], max_length=20)
    build_seconds: _Seconds = 600.0
    ready_seconds: _Seconds = 60.0


class _DependenciesTable(_Schema):
    install: Annotated[str, AfterValidator(_line)]
    lock: list[Annotated[str, AfterValidator(_lock_file)]] = Field(min_length=1, max_length=20)


class _RepositoryFile(_Schema):
    name: Annotated[str, AfterValidator(identifier)]
    source: Annotated[str, AfterValidator(_line)]
    workdir: Annotated[str, AfterValidator(workdir)]
    packages: list[Annotated[str, AfterValidator(_package)]] = Field(default=[], max_length=50)
    dependencies: _DependenciesTable | None = None
    app: _AppTable | None = None
    testing: Annotated[str, AfterValidator(_line)] | None = None


def load(task_toml: Path) -> Task:
    """Return the task of a directory; its name is the id, its parent's name the dataset.

    Raises TaskFileError, which names the file, the key and the reason.
    """
    directory = Path(os.path.abspath(task_toml)).parent
    try:
        task_id = identifier(directory.name)
    except ValueError as error:
        raise TaskFileError(task_toml, None, f"the directory's name: {error}") from error
    file = read_toml(task_toml, _TaskFile)
    _refuse_other_variant(task_toml, file)
    repository_toml = _repository_file(task_toml, directory, file.repository)
    repository, testing = load_repository(repository_toml), _testing(repository_toml)
    proposals: tuple[Proposal, ...] = ()
    answer: Answer
    if file.variant == "swe_manager":
        proposals = _proposals(directory)
        answer = _manager_answer(task_toml, file, proposals)
    else:
        if repository.app is None:
            reason = f"an ic_swe task needs an [app] in {file.repository}/{REPOSITORY_FILE}"
            raise TaskFileError(task_toml, "repository", reason)
        answer = _ic_answer(task_toml, directory, file, testing)
    return Task(
        dataset=dataset_name(directory.parent.name),
        brief=Brief(
            task_id=task_id,
            variant=file.variant,
            title=file.title,
            description=read_text(directory, "issue.md"),
            price_cents=int(file.price),
            workdir=repository.workdir,
            proposals=proposals,
            user_tool=isinstance(answer, IcAnswer) and bool(answer.user_tool),
        ),
        answer=answer,
        repository=repository,
        split=file.split,
        tags=tuple(dict.fromkeys(file.tags)),
    )


def load_repository(repository_toml: Path) -> Repository:
    """Return the repository that tasks are about; raises TaskFileError as `load` does."""
    directory = Path(os.path.abspath(repository_toml)).parent
    file = read_toml(repository_toml, _RepositoryFile)
    source = inside(repository_toml, "source", directory, file.source, "directory")
    needed, app = None, None
    if file.dependencies is not None:
        lock = tuple(dict.fromkeys(file.dependencies.lock))
        for name in lock:
            inside(repository_toml, "dependencies.lock", source, name, "file")
        needed = Dependencies(file.dependencies.install, lock)
    if file.app is not None:
        app = App(**{**file.app.model_dump(), "outputs": tuple(file.app.outputs)})
    return Repository(
        name=file.name,
        workdir=file.workdir,
        source=source,
        packages=tuple(dict.fromkeys(file.packages)),
        dependencies=needed,
        app=app,
    )


def _testing(repository_toml: Path) -> tuple[Path, ...]:
    """Return the directory that comes along with the tests of all tasks, where there is one."""
    file = read_toml(repository_toml, _RepositoryFile)
    if file.testing is None:
        return ()
    directory = Path(os.path.abspath(repository_toml)).parent
    found = inside(repository_toml, "testing", directory, file.testing, "directory")
    no_links(repository_toml, "testing", found)
    return (found,)


def _refuse_other_variant(task_toml: Path, file: _TaskFile) -> None:
    for key, variant in _ONLY_FOR.items():
        if key in file.model_fields_set and file.variant != variant:
            raise TaskFileError(task_toml, key, f"is a key of {variant}, this is {file.variant}")


def _repository_file(task_toml: Path, directory: Path, relative: str) -> Path:
    if Path(relative).is_absolute():
        raise TaskFileError(task_toml, "repository", "a path relative to the task is wanted")
    file = Path(os.path.normpath(directory / relative)) / REPOSITORY_FILE
    if not file.is_file():
        raise TaskFileError(task_toml, "repository", f"there is no {relative}/{REPOSITORY_FILE}")
    return file


def _proposals(directory: Path) -> tuple[Proposal, ...]:
    return tuple(
        Proposal(number, read_text(directory, f"proposals/{name}"))
        for number, name in proposal_files(directory, MIN_PROPOSALS)
    )


def _manager_answer(
    task_toml: Path, file: _TaskFile, proposals: tuple[Proposal, ...]
) -> ManagerAnswer:
    ids = [proposal.id for proposal in proposals]
    if file.correct_proposal is None:
        raise TaskFileError(task_toml, "correct_proposal", "is missing")
    if file.correct_proposal not in ids:
        raise TaskFileError(
            task_toml, "correct_proposal", f"{file.correct_proposal} is none of the proposals {ids}"
        )
    return ManagerAnswer(file.correct_proposal)


def _ic_answer(
    task_toml: Path, directory: Path, file: _TaskFile, testing: tuple[Path, ...]
) -> IcAnswer:
    tests = inside(task_toml, "tests", directory, file.tests, "directory")
    no_links(task_toml, "tests", tests)
    return IcAnswer(
        tests=(*map(str, testing), str(tests)),
        bug_patch=inside(task_toml, "bug_patch", directory, file.bug_patch, "file"),
        gold_patch=inside(task_toml, "gold_patch", directory, file.gold_patch, "file"),
        test_seconds=file.test_seconds,
        user_tool=_user_tool(task_toml, directory, testing),
    )


def _user_tool(task_toml: Path, directory: Path, testing: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the directories of a user's script, where a task has one."""
    script = directory / USER_TOOL
    if not script.exists():
        return ()
    if not (script / USER_STEPS).is_file():
        raise TaskFileError(task_toml, USER_TOOL, f"there is no {USER_TOOL}/{USER_STEPS}")
    no_links(task_toml, USER_TOOL, script)
    return (*testing, script)
