r"""One row of an official task list into a Task, pure.

The first generation carries the whole conversation that its harness sent (column `prompt`); the
second carries `title` and `description`, with line breaks as a two-character ``\n``. In both, the
proposals of a manager task, with ids that have gaps, and the right one stand in `manager_data`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Final, TypeVar

from swelancer_plugin.datasets.fields import (
    clean,
    dataset_name,
    identifier,
    member,
    newlines,
    strings,
    structure,
    word,
    workdir,
)
from swelancer_plugin.money import parse_dollars
from swelancer_plugin.task import (
    VARIANTS,
    Answer,
    Brief,
    IcAnswer,
    ManagerAnswer,
    Proposal,
    Repository,
    Task,
    Variant,
)

DEFAULT_WORKDIR: Final = "/app/expensify"
"""Where the official images keep the repository; what an empty `cwd` means."""

MAX_PROPOSALS: Final = 1000
MAX_TEST_FOLDERS: Final = 1000
MAX_PROPOSAL_ID: Final = 10**9
_COMMIT: Final = re.compile(r"[0-9a-fA-F]{40}")
_REWARD: Final = "\n\nThe reward for the correct fix is $"
_PARAGRAPH: Final = re.compile(r"\r?\n\r?\n")

_T = TypeVar("_T")


class FieldError(ValueError):
    """A cell that can't be read."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(column, reason)
        self.column = column
        self.reason = reason


def task_from_row(row: Mapping[str, str], dataset: str) -> Task:
    """Return the task that a row (column to cell) describes; raise FieldError if it can't be read.

    The price is the column's, whatever `manager_data` or the prompt say. `Repository.commit` is
    `manager_commit` as it stands; the original harness checks out that commit's parent.
    """
    task_id = _read(row, "question_id", identifier)
    variant = _read(row, "variant", _variant)
    price = _read(row, "price", parse_dollars)
    directory = _read(row, "cwd", lambda text: workdir(text or DEFAULT_WORKDIR))
    commit = _read(row, "manager_commit", _commit)
    split = _read(row, "set", lambda text: word(text) if text else None)
    data = _read(row, "manager_data", structure) if variant == "swe_manager" else None
    proposals: tuple[Proposal, ...] = ()
    answer: Answer
    if variant == "swe_manager":
        proposals = _checked("manager_data", lambda: _proposals(data))
        answer = _checked("manager_data", lambda: _right_proposal(data, proposals))
    else:
        folders = _read(row, "acceptable_folders", _folders)
        answer = IcAnswer(tests=folders or (task_id,))
    title, description = _texts(row, data)
    return Task(
        dataset=dataset,
        brief=Brief(task_id, variant, title, description, price, directory, proposals),
        answer=answer,
        repository=Repository(
            name=dataset_name(PurePosixPath(directory).name), workdir=directory, commit=commit
        ),
        split=split,
    )


def _read(row: Mapping[str, str], column: str, decode: Callable[[str], _T]) -> _T:
    return _checked(column, lambda: decode(row.get(column, "")))


def _checked(column: str, decode: Callable[[], _T]) -> _T:
    try:
        return decode()
    except ValueError as error:
        raise FieldError(column, str(error)) from error


def _variant(text: str) -> Variant:
    for variant in VARIANTS:
        if text == variant:
            return variant
    raise ValueError(f"{text[:120]!r} is not one of {', '.join(VARIANTS)}")


def _commit(text: str) -> str | None:
    if text and _COMMIT.fullmatch(text) is None:
        raise ValueError(f"{text[:120]!r} is not a commit of 40 hexadecimal digits")
    return text.lower() or None


def _folders(text: str) -> tuple[str, ...]:
    if not text.strip():
        return ()
    # each becomes a path, on the host and in the computer
    return tuple(identifier(name) for name in strings(structure(text), MAX_TEST_FOLDERS))


def _proposals(data: object) -> tuple[Proposal, ...]:
    formal = member(data, "game.all_formal_proposals", list)
    if not 0 < len(formal) <= MAX_PROPOSALS:
        raise ValueError(f"game.all_formal_proposals has {len(formal)} entries")
    found = []
    for position, item in enumerate(formal):
        try:
            found.append(Proposal(member(item, "id", int), clean(member(item, "content", str))))
        except ValueError as error:
            raise ValueError(f"game.all_formal_proposals[{position}]: {error}") from error
        if not 0 <= found[-1].id <= MAX_PROPOSAL_ID:
            raise ValueError(f"game.all_formal_proposals[{position}]: id is out of range")
    return tuple(found)


def _right_proposal(data: object, proposals: tuple[Proposal, ...]) -> ManagerAnswer:
    right = member(data, "game.correct_proposal.id", int)
    ids = [proposal.id for proposal in proposals]
    if right not in ids:
        raise ValueError(f"game.correct_proposal.id is none of the proposals' ids {ids}")
    # one official task lists a wrong id twice, for two proposals of one comment; that is
    # harmless. Twice the right one would let a wrong choice earn.
    if ids.count(right) > 1:
        raise ValueError(f"game.correct_proposal.id is the id of more than one proposal, {ids}")
    return ManagerAnswer(right)


def _texts(row: Mapping[str, str], data: object) -> tuple[str, str]:
    """Title and description, by what the list carries; an empty description is let in."""
    if "title" in row:
        column, title, description = "title", newlines(row["title"]), newlines(row["description"])
    elif data is not None:
        column = "manager_data"
        title = _checked(column, lambda: member(data, "title", str))
        description = _checked(column, lambda: member(data, "html_description", str))
    else:
        column = "prompt"
        title, description = _read(row, column, _issue)
    if not title.strip():
        raise FieldError(column, "is empty" if column == "title" else "the title is empty")
    return clean(title), clean(description)


def _issue(prompt: str) -> tuple[str, str]:
    """Return title and text of the issue that the first message of a prompt states.

    That message is: an instruction, a blank line, the title, a blank line, the issue, and, from
    "The reward for the correct fix is $" on, how-to that is the original harness's own. Without
    that sentence all the rest counts as the issue.
    """
    messages = structure(prompt)
    if not isinstance(messages, list) or not messages:
        raise ValueError("is not a list of messages")
    try:
        content = member(messages[0], "content", str)
    except ValueError as error:
        raise ValueError(f"first message: {error}") from error
    parts = _PARAGRAPH.split(content, maxsplit=2)
    if len(parts) < 2:
        raise ValueError("first message: no title after a blank line")
    text = parts[2] if len(parts) == 3 else ""
    end = text.rfind(_REWARD)  # the last one: an issue may quote such a sentence
    return parts[1], text[:end] if end >= 0 else text
