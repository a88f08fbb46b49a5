"""Reading a computer that can't be frozen: by commands, all that the five methods can offer.

The computer answers for itself, and the agent owned it: what it says is read as strictly as a
stranger's word, and the attempt is marked unsealed.
"""

from __future__ import annotations

import asyncio
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from swelancer_plugin.computers.archive import require_path
from swelancer_plugin.computers.excluded import Excluded
from swelancer_plugin.computers.interface import (
    Changes,
    CommandError,
    CommandResult,
    ComputerInterface,
    DownloadError,
    FrozenFile,
    TooMuch,
    TreeFile,
    checked,
)
from swelancer_plugin.computers.tree import (
    MAX_BYTES,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_LEFT_OUT,
    stays_inside,
)
from swelancer_plugin.datasets.tree import Entry

MAX_LISTING: Final = 64 * 1024 * 1024
"""Bytes of the list of all files."""
LIST_SECONDS: Final = 300.0
"""For making it."""
_HERE: Final = b"./"
"""What every name in it starts with."""
_KIND: Final = """p=%s
if [ -L "$p" ]; then echo link; elif [ -d "$p" ]; then echo directory
elif [ -f "$p" ]; then echo file; wc -c < "$p"; elif [ -e "$p" ]; then echo other
else echo missing; fi"""
# One record per path, its fields ended by NUL, which no name can hold: kind, path, and a file's
# digest or a link's target.
_LOOK: Final = r"""for f do
if [ -L "$f" ]; then printf 'l\000%s\000' "$f"; readlink "$f"
elif [ ! -f "$f" ]; then printf 'o\000%s\000' "$f"
elif [ -x "$f" ]; then printf 'x\000%s\000' "$f"; sha256sum < "$f"
else printf 'f\000%s\000' "$f"; sha256sum < "$f"; fi; printf '\000'; done"""
_LOOK_AT_LARGE: Final = r"""for f do printf 'b\000%s\000\000' "$f"; done"""


class UnreadableList(Exception):
    """A computer's list of its files makes no sense; the message is for people."""


@dataclass(frozen=True, slots=True)
class _Record:
    kind: str
    """l: a link, x: an executable file, f: any other file, b: a file too large to leave."""
    path: str
    detail: bytes
    """A file's digest, in hexadecimal, and more; a link's target and a line break."""


async def ask_file(path: str, limit: int, computer: ComputerInterface) -> FrozenFile:
    """Return a file as the computer says it is; at most `limit` bytes. Raises ComputerGone."""
    try:
        said = (await computer.check_shell_command(_KIND % shlex.quote(path))).output.split()
    except CommandError:
        return FrozenFile("other")
    if said in ([b"missing"], [b"link"], [b"directory"], [b"other"]):
        return FrozenFile(said[0].decode())  # type: ignore[arg-type]  # one of the four above
    if len(said) != 2 or said[0] != b"file" or not said[1].isdigit() or len(said[1]) > 18:
        return FrozenFile("other")
    if int(said[1]) > limit:
        return FrozenFile("file", int(said[1]))
    try:
        content = await computer.download(path)
    except DownloadError:
        return FrozenFile("missing")
    return FrozenFile("file", len(content), content if len(content) <= limit else None)


async def ask_changes(
    source: Mapping[str, Entry],
    workdir: str,
    excluded: tuple[str, ...],
    computer: ComputerInterface,
) -> Changes:
    """Return what differs from `source`, the tree that was handed out, as the computer says.

    Raises TooMuch, UnreadableList, ComputerGone, and CommandError where the list can't be made.
    """
    listed, left_out = _sorted_out(await _list(workdir, excluded, computer))
    passed_over = Excluded(excluded)
    listed = {path: one for path, one in listed.items() if path not in passed_over}
    files: list[TreeFile] = []
    room = MAX_BYTES
    for path, record in listed.items():
        if _is_as_it_was(record, source.get(path)):
            continue
        try:
            files.append(await _fetched(record, workdir, computer))
        except DownloadError as error:
            left_out[path] = str(error)
            continue
        room -= len(files[-1].content)
        if room < 0 or len(files) > MAX_FILES:
            raise TooMuch(
                f"more than {MAX_FILES:,} files were changed, or they have more than "
                f"{MAX_BYTES // 1024**2} MB altogether"
            )
    deleted = [
        name
        for name, entry in source.items()
        if name not in listed and not entry.is_directory and name not in passed_over
    ]
    lines = [f"{path!a:.300}: {why:.300}" for path, why in sorted(left_out.items())]
    return Changes(tuple(files), tuple(sorted(deleted)), tuple(lines[:MAX_LEFT_OUT]))


async def _list(workdir: str, excluded: tuple[str, ...], computer: ComputerInterface) -> bytes:
    """Have the list made, into a file: what a command prints is bounded in unknown ways."""
    unwanted = Excluded(excluded)
    tests = [f"-path {shlex.quote('./' + _no_pattern(path))}" for path in unwanted.trees]
    tests += [f"-name {shlex.quote(_no_pattern(name))}" for name in unwanted.names]
    passed_over = "".join(f"{test} -prune -o " for test in tests)
    large = f"-type f -size +{MAX_FILE_BYTES // 512}"
    command = (
        f"t=$(mktemp) && cd {shlex.quote(workdir)} && find . {passed_over}"
        f"{large} -exec sh -c {shlex.quote(_LOOK_AT_LARGE)} sh {{}} + -o "
        f'! -type d -exec sh -c {shlex.quote(_LOOK)} sh {{}} + > "$t" && printf %s "$t"'
    )
    try:
        async with asyncio.timeout(LIST_SECONDS):  # a class of the five methods takes none
            result = await computer.send_shell_command(command)
    except TimeoutError as error:
        raise TooMuch(f"the files could not be listed in {LIST_SECONDS:g} s") from error
    path = _path_said(checked("list the files", result))
    try:
        content = await computer.download(path)
    except DownloadError as error:
        raise UnreadableList(f"the computer's list of its files can't be had: {error}") from error
    if len(content) > MAX_LISTING:
        raise TooMuch("there are too many files in the computer to list them")
    return content


def _path_said(result: CommandResult) -> str:
    try:
        path = result.output.decode()
    except UnicodeDecodeError:
        path = ""
    if not path.startswith("/") or not path.isprintable() or len(path) > 4000:
        raise UnreadableList(f"the computer did not say where the list is: {result.text[-200:]!r}")
    return path


def _no_pattern(path: str) -> str:
    return re.sub(r"([*?\[\]\\])", r"\\\1", path)


def _sorted_out(content: bytes) -> tuple[dict[str, _Record], dict[str, str]]:
    """Return the records by path, and what can be no file of a tree, with the reason.

    By path means that a file comes before what is said to lie in it.
    """
    listed: dict[str, _Record] = {}
    left_out: dict[str, str] = {}
    below = ((name.removeprefix(_HERE), name, *more) for name, *more in _records(content))
    for inner, name, kind, detail in sorted(below):
        path = inner.decode("utf-8", errors="replace")
        if path.encode() != inner:
            left_out[path] = "its name is no UTF-8"
        elif not (name.startswith(_HERE) and _is_path(path)) or _lies_in(path, listed):
            left_out[path] = "no file can be there"
        elif kind == b"o":
            left_out[path] = "is no file, link or directory"
        else:
            listed[path] = _Record(kind.decode(), path, detail)
    return listed, left_out


def _is_path(path: str) -> bool:
    """Tell whether a file of a tree can have a relative path, which comes from a stranger."""
    try:
        require_path(f"/{path}")
    except ValueError:
        return False
    return {"", ".", ".."}.isdisjoint(path.split("/"))


def _lies_in(path: str, listed: Mapping[str, _Record]) -> bool:
    names = path.split("/")
    return any("/".join(names[:count]) in listed for count in range(1, len(names)))


def _records(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield name, kind and detail of each. Raises UnreadableList."""
    fields = content.split(b"\0")
    if fields.pop() != b"" or len(fields) % 3:
        raise UnreadableList("the computer's list of its files breaks off")
    for kind, name, detail in zip(*[iter(fields)] * 3, strict=True):
        if kind not in (b"l", b"o", b"x", b"f", b"b"):
            raise UnreadableList("the computer's list of its files makes no sense")
        yield name, kind, detail


def _is_as_it_was(record: _Record, before: Entry | None) -> bool:
    if before is None or before.is_directory:
        return False
    if record.kind == "b":  # nothing tells; what is too large to leave can't be told from it
        return not before.is_link
    if record.kind == "l":
        return before.is_link and record.detail == before.digest() + b"\n"
    same = before.executable == (record.kind == "x") and not before.is_link
    return same and record.detail[:64] == before.digest().hex().encode()


async def _fetched(record: _Record, workdir: str, computer: ComputerInterface) -> TreeFile:
    """Return a changed file or link. Raises DownloadError for what no submission can hold."""
    if record.kind == "b":
        raise TooMuch(f"{record.path!a:.300} has more than {MAX_FILE_BYTES // 1024**2} MB")
    if record.kind == "l":
        target = record.detail.removesuffix(b"\n")
        if not target or not stays_inside(record.path, target.decode(errors="surrogateescape")):
            raise DownloadError("is a link that leads out of the directory")
        return TreeFile(record.path, target, link=True)
    content = await computer.download(posixpath.join(workdir, record.path))
    if len(content) > MAX_FILE_BYTES:
        raise TooMuch(f"{record.path!a:.300} has more than {MAX_FILE_BYTES // 1024**2} MB")
    return TreeFile(record.path, content, executable=record.kind == "x")
