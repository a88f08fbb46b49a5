"""What leaves the computer when an agent has ended, and how it is taken out.

A sealed computer is frozen first and read by its engine: nothing inside can move, or answer for
itself. Any other computer is asked by commands, and the attempt is marked unsealed.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from swelancer_plugin.computers.excluded import ANYWHERE, Excluded
from swelancer_plugin.computers.interface import (
    Changes,
    CommandError,
    ComputerGone,
    ComputerInterface,
    FrozenFile,
    SealedComputer,
    TooMuch,
    TreeFile,
)
from swelancer_plugin.datasets.tree import LEFT_OUT, Entry, source_entries
from swelancer_plugin.grading.decision import DECISION_LIMIT
from swelancer_plugin.grading.unsealed import UnreadableList, ask_changes, ask_file
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Brief, Repository

NEVER_SUBMITTED: Final = (*(f"{ANYWHERE}{name}" for name in sorted(LEFT_OUT)), "user_tool")
"""What tools leave in a working directory, whatever the repository."""
SMALL_BYTES: Final = 16 * 1024 * 1024
"""Of a working directory that is read as a whole: up to here that is what takes less time."""
_SHOWN_LEFT_OUT: Final = 5


@dataclass(frozen=True, slots=True)
class Ending:
    """How an agent's work ended: `outcome` is None where it simply finished."""

    outcome: Outcome | None = None
    reason: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """What an agent left behind, and how its work ended."""

    ending: Ending
    sealed: bool
    decision: bytes | None = None
    """Of a manager task: the decision file."""
    changes: Changes | None = None
    """Of an ic_swe task: what differs from the repository as it was handed out; never empty."""
    problem: str = ""
    """Why there is nothing to grade, where there is neither."""


async def take_decision(brief: Brief, computer: ComputerInterface, ending: Ending) -> Submission:
    """Freeze the computer where it can be, and take the decision file out of it."""
    path = brief.decision_path
    try:
        if isinstance(computer, SealedComputer):
            await computer.freeze()
            entry = await computer.read_frozen(path, DECISION_LIMIT)
        else:
            entry = await ask_file(path, DECISION_LIMIT, computer)
    except ComputerGone as error:
        return _gone(computer, ending, error)
    if entry.content is not None:
        return Submission(ending, _sealed(computer), decision=entry.content)
    return Submission(ending, _sealed(computer), problem=_problem(brief, entry))


async def take_changes(
    repository: Repository, brief: Brief, computer: ComputerInterface, ending: Ending
) -> Submission:
    """Freeze the computer where it can be, and take out what differs from the repository.

    `repository` is the one that was handed out, and `brief.workdir` where it lies in this
    computer. What tools and the app's build leave there is no part of it. Nothing that a computer
    says is raised but EngineError.
    """
    outputs = repository.app.outputs if repository.app is not None else ()
    excluded = (*NEVER_SUBMITTED, *outputs)
    source = _files_of(repository)
    try:
        if isinstance(computer, SealedComputer):
            await computer.freeze()
            whole = None
            if repository.source is not None:  # without it, nobody knows what was deleted
                whole = await computer.read_whole(brief.workdir, excluded, SMALL_BYTES)
            changes = whole or await computer.export_changes(brief.workdir, excluded)
        else:
            changes = await ask_changes(source, brief.workdir, excluded, computer)
    except ComputerGone as error:
        return _gone(computer, ending, error)
    except TooMuch as error:
        limit = ending if ending.outcome else Ending(Outcome.LIMIT, str(error))
        return Submission(limit, _sealed(computer), problem=str(error))
    except (UnreadableList, CommandError) as error:
        return Submission(ending, _sealed(computer), problem=str(error))
    if repository.source is not None:
        changes = canonical(changes, source, excluded)
    if not (changes.files or changes.deleted):
        return Submission(ending, _sealed(computer), problem=_nothing(changes.left_out))
    try:
        to_archive(changes)
    except ValueError as error:  # so that the judge, who needs one, can have one
        return Submission(ending, _sealed(computer), problem=f"no tree has such files: {error}")
    return Submission(ending, _sealed(computer), changes=changes)


def canonical(changes: Changes, source: Mapping[str, Entry], excluded: tuple[str, ...]) -> Changes:
    """Return the same changes without what is no difference to the tree that was handed out.

    No file is excluded or equal to what it was, and no deletion is of what was not there or has
    come back: a deleted directory in which there is something again becomes deletions of what it
    lost.
    """
    passed_over = Excluded(excluded)
    added = {file.path for file in changes.files}
    occupied = {parent for path in added for parent in _parents(path)} | added
    children: dict[str, list[str]] = {}
    for name in source:
        children.setdefault(name.rpartition("/")[0], []).append(name)

    def lost(path: str) -> Iterator[str]:
        if path in added or path in passed_over:
            return
        if path and path not in occupied:
            yield path
            return
        for child in children.get(path, ()):
            yield from lost(child)

    gone = {
        each
        for path in changes.deleted
        for each in lost("" if path == "." else path)
        if path == "." or path in source
    }
    return Changes(
        tuple(
            file
            for file in changes.files
            if file.path not in passed_over and not _equal(file, source.get(file.path))
        ),
        tuple(sorted(path for path in gone if gone.isdisjoint(_parents(path)))),
        changes.left_out,
    )


def to_archive(changes: Changes) -> bytes:
    """Return the changed files as a tar archive, the same bytes for the same changes.

    The directories above each file are members as well, so that a file in their place makes way.
    All belongs to root. Raises ValueError for a path that would lie outside of the tree, or within
    another file, and for what no UTF-8 can say.
    """
    files = {file.path: file for file in changes.files}
    directories = {parent for path in files for parent in _parents(path)}
    if len(files) < len(changes.files) or not directories.isdisjoint(files):
        raise ValueError("a path is there twice, or both a file and a directory")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted({*files, *directories}):
            _add_member(tar, _checked(path), files.get(path))
    return archive.getvalue()


def _add_member(tar: tarfile.TarFile, path: str, file: TreeFile | None) -> None:
    member = tarfile.TarInfo(path)
    if file is None:
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(member)
    elif file.link:
        member.type, member.mode = tarfile.SYMTYPE, 0o777
        member.linkname = file.content.decode()
        tar.addfile(member)
    else:
        member.mode, member.size = 0o755 if file.executable else 0o644, len(file.content)
        tar.addfile(member, io.BytesIO(file.content))


def _checked(path: str) -> str:
    if not {"", ".", ".."}.isdisjoint(path.split("/")) or "\0" in path:
        raise ValueError(f"no path of a file in a tree: {path!r:.300}")
    return path


def _parents(path: str) -> Iterator[str]:
    """Yield the directories above a relative path, the innermost first."""
    while path := path.rpartition("/")[0]:
        yield path


def _equal(file: TreeFile, before: Entry | None) -> bool:
    if before is None or before.is_directory or before.is_link != file.link:
        return False
    if file.link:
        return file.content == before.digest()
    same = file.executable == before.executable
    return (
        same
        and before.path.stat().st_size == len(file.content)
        and (before.path.read_bytes() == file.content)
    )


def _files_of(repository: Repository) -> dict[str, Entry]:
    if repository.source is None:
        return {}
    return {entry.name: entry for entry in source_entries(repository.source)}


def _sealed(computer: ComputerInterface) -> bool:
    return isinstance(computer, SealedComputer)


def _gone(computer: ComputerInterface, ending: Ending, error: ComputerGone) -> Submission:
    gone = ending if ending.outcome else Ending(Outcome.LIMIT, f"the computer is gone: {error}")
    return Submission(gone, _sealed(computer), problem="the computer is gone")


def _nothing(left_out: tuple[str, ...]) -> str:
    if not left_out:
        return "nothing was changed"
    lines = "; ".join(left_out[:_SHOWN_LEFT_OUT])
    more = " ..." if len(left_out) > _SHOWN_LEFT_OUT else ""
    return f"nothing was changed that can be submitted; left out: {lines}{more}"


def _problem(brief: Brief, entry: FrozenFile) -> str:
    problems = {
        "missing": f"no decision file at {brief.decision_path}",
        "link": "the decision file is a link",
        "directory": "the decision file is a directory",
        "other": "the decision file is no regular file",
        "file": f"the decision file is larger than {DECISION_LIMIT} bytes ({entry.size})",
    }
    return problems[entry.kind]
