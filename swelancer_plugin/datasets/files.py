"""Reading a task's directory: bounded, UTF-8, and never outside of it.

Every function raises TaskFileError, naming the file or the key at fault.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Final, Literal, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from swelancer_plugin.datasets.errors import TaskFileError

MAX_BYTES: Final = 1024 * 1024
"""Of one text file of a task."""

MAX_PROPOSALS: Final = 100
MAX_TEST_FILES: Final = 10_000
_PROPOSAL: Final = re.compile(r"(0|[1-9][0-9]{0,8})\.md")

_Model = TypeVar("_Model", bound=BaseModel)


def read_toml(path: Path, schema: type[_Model]) -> _Model:
    """Return a TOML file as its schema has it."""
    text = _decode(path, _bytes(path))
    try:
        return schema.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise TaskFileError(path, None, f"is no TOML: {error}") from error
    except ValidationError as error:
        raise _explained(path, schema, error) from error
    except (RecursionError, ValueError) as error:
        raise TaskFileError(path, None, f"is no TOML that can be read: {error}") from error


def _explained(path: Path, schema: type[BaseModel], error: ValidationError) -> TaskFileError:
    # an unknown key first: it is mostly a slip that also makes another one missing
    details = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    first = details[0]
    table, place = _place(schema, first["loc"])
    key = ".".join(place)
    if first["type"] == "extra_forbidden":
        known = list(table.model_fields)
        near = difflib.get_close_matches(place[-1], known, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"
        return TaskFileError(path, None, f"unknown key `{key}` ({hint})")
    if first["type"] == "missing":
        return TaskFileError(path, key, "is missing")
    if first["type"] == "value_error":
        return TaskFileError(path, key, str(first["ctx"]["error"]))
    # a union names each of its types: all are wrong in the same way
    reasons = dict.fromkeys(
        str(one["msg"]) for one in details if _place(schema, one["loc"])[1] == place
    )
    return TaskFileError(path, key, "; ".join(reasons))


def _place(
    schema: type[BaseModel], location: tuple[int | str, ...]
) -> tuple[type[BaseModel], list[str]]:
    """Return the table in which an error lies, and the keys that lead to what is wrong in it."""
    key = str(location[0])
    field = schema.model_fields.get(key)
    if field is not None and len(location) > 1:
        for kind in get_args(field.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                table, keys = _place(kind, location[1:])
                return table, [key, *keys]
    return schema, [key]


def read_text(directory: Path, relative: str) -> str:
    """Return a text file of a task, which is not blank, as it is."""
    path = inside(directory / relative, None, directory, relative, "file")
    text = _decode(directory / relative, _bytes(path))
    if not text.strip():
        raise TaskFileError(directory / relative, None, "is empty")
    return text


def inside(
    blamed: Path,
    key: str | None,
    directory: Path,
    relative: str,
    kind: Literal["file", "directory"],
) -> Path:
    """Return the path of an existing file or directory that lies, links followed, in `directory`.

    What is wrong is reported of the key in the file `blamed`.
    """
    if Path(relative).is_absolute():
        raise TaskFileError(blamed, key, f"{relative!r}: a relative path is wanted")
    path = directory / relative
    try:
        outside = not path.resolve().is_relative_to(directory.resolve())
        found = path.is_file() if kind == "file" else path.is_dir()
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise TaskFileError(blamed, key, f"{relative!r} can't be read: {error}") from error
    if outside:
        raise TaskFileError(blamed, key, f"{relative!r} leads out of {directory}")
    if not found:
        raise TaskFileError(blamed, key, f"there is no {kind} {relative!r} in {directory}")
    return path


def no_links(blamed: Path, key: str, tree: Path) -> None:
    """Refuse a tree that is empty, or in which there is a link: where it is taken to it breaks."""
    count = 0
    for folder, subfolders, files in os.walk(tree):
        count += len(files)
        if count > MAX_TEST_FILES:
            raise TaskFileError(blamed, key, f"more than {MAX_TEST_FILES:,} files")
        for name in (*subfolders, *files):
            path = Path(folder, name)
            if path.is_symlink():
                raise TaskFileError(blamed, key, f"{path} is a link; put a regular file there")
    if not count:
        raise TaskFileError(blamed, key, f"{tree} holds no file")


def proposal_files(directory: Path, at_least: int) -> list[tuple[int, str]]:
    """Return id and file name of each proposal, by id; hidden files are left out."""
    folder = directory / "proposals"
    inside(folder, None, directory, "proposals", "directory")
    found = []
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        match = _PROPOSAL.fullmatch(path.name)
        if match is None:
            raise TaskFileError(path, None, "a proposal's file is named by its id, such as 3.md")
        found.append((int(match[1]), path.name))
    if not at_least <= len(found) <= MAX_PROPOSALS:
        reason = f"holds {len(found)} proposals; {at_least} to {MAX_PROPOSALS} are wanted"
        raise TaskFileError(folder, None, reason)
    return sorted(found)


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise TaskFileError(path, None, "is not a file" if path.exists() else "does not exist")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise TaskFileError(path, None, f"can't be read: {error}") from error
    if len(data) > MAX_BYTES:
        raise TaskFileError(path, None, f"is larger than {MAX_BYTES:,} bytes")
    return data


def _decode(path: Path, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TaskFileError(path, None, f"is not UTF-8 (line {line})") from error
    if "\0" in text:
        raise TaskFileError(path, None, "holds a NUL byte")
    return text
