"""A submission as a unified diff, for people. Nothing is ever graded by it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from swelancer_plugin.computers.interface import Changes
from swelancer_plugin.datasets.tree import Entry, source_entries

MAX_FILE_BYTES: Final = 512 * 1024
"""Of a file, before or after; of a larger one only its size is said."""
MAX_CHARACTERS: Final = 2 * 1024 * 1024
"""Of a whole diff."""
MAX_WORK: Final = 4_000_000
"""Lines before times lines after, over all files, that are compared; hostile ones cost most."""
_CONTEXT: Final = 3

Step: TypeAlias = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]
"""As of difflib: what is done, from and to which line before, from and to which line after."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A file before or after."""

    content: bytes
    mode: str
    """As git shows it: 100644, 100755, or 120000 for a link."""


def readable_diff(source: Path | None, changes: Changes) -> str:
    """Return what was changed against the tree that was handed out, bounded and sanitised.

    Carriage returns are shown as ``␍``. Raises DatasetError where `source` can't be read.
    """
    entries = {entry.name: entry for entry in source_entries(source)} if source else {}
    text: list[str] = []
    room = MAX_CHARACTERS
    for piece in _pieces(entries, changes):
        room -= len(piece)
        if room < 0:
            text.append("The rest is not shown: the diff is too long.\n")
            break
        text.append(piece)
    text += [f"Left out: {_shown(line)}\n" for line in changes.left_out]
    return "".join(text)


def _pieces(entries: Mapping[str, Entry], changes: Changes) -> Iterator[str]:
    compare = _Comparison().steps
    for path in changes.deleted:
        for name, entry in entries.items():
            within = path == "." or name == path or name.startswith(f"{path}/")
            if within and not entry.is_directory:
                yield _file(name, _before(entry), None, compare)
    for file in changes.files:
        mode = "120000" if file.link else "100755" if file.executable else "100644"
        before = entries.get(file.path)
        old = _before(before) if before is not None and not before.is_directory else None
        yield _file(file.path, old, _Side(file.content, mode), compare)


def _before(entry: Entry) -> _Side:
    if entry.is_link:
        return _Side(entry.digest(), "120000")
    with entry.path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    return _Side(content, "100755" if entry.executable else "100644")


def _file(
    path: str,
    old: _Side | None,
    new: _Side | None,
    compare: Callable[[list[str], list[str]], list[Step]],
) -> str:
    name = _shown(path)
    lines = [f"diff a/{name} b/{name}\n"]
    if old is None and new is not None:
        lines.append(f"new file mode {new.mode}\n")
    elif new is None and old is not None:
        lines.append(f"deleted file mode {old.mode}\n")
    elif old is not None and new is not None and old.mode != new.mode:
        lines.append(f"old mode {old.mode}\nnew mode {new.mode}\n")
    before, after = _lines(old), _lines(new)
    if before is None or after is None:
        size = f"{len(new.content):,} bytes" if new is not None else "nothing"
        lines.append(f"Not shown: binary, or too large. Now it has {size}.\n")
    elif before != after:
        lines.append(f"--- {'/dev/null' if old is None else f'a/{name}'}\n")
        lines.append(f"+++ {'/dev/null' if new is None else f'b/{name}'}\n")
        lines += _hunks(before, after, compare(before, after))
    return "".join(lines)


def _lines(side: _Side | None) -> list[str] | None:
    """Return the lines as they are shown, each with its end; None for what is no text."""
    if side is None or not side.content:
        return []
    if len(side.content) > MAX_FILE_BYTES or b"\0" in side.content:
        return None
    try:
        lines = side.content.decode().split("\n")
    except UnicodeDecodeError:
        return None
    last = lines.pop()
    shown = [f"{_shown(line)}\n" for line in lines]
    return [*shown, f"{_shown(last)}\n\\ No newline at end of file\n"] if last else shown


class _Comparison:
    """Compares files line by line until it has cost too much; from then on roughly."""

    def __init__(self) -> None:
        self._work = 0

    def steps(self, old: list[str], new: list[str]) -> list[Step]:
        """Return how to come from the old lines to the new ones."""
        start = _alike(old, new)
        end = _alike(old[start:][::-1], new[start:][::-1])
        to_old, to_new = len(old) - end, len(new) - end
        self._work += (to_old - start) * (to_new - start)
        middle: list[Step] = [("replace", start, to_old, start, to_new)]
        if self._work <= MAX_WORK:
            matcher = difflib.SequenceMatcher(None, old[start:to_old], new[start:to_new])
            middle = [
                (tag, a + start, b + start, c + start, d + start)
                for tag, a, b, c, d in matcher.get_opcodes()
            ]
        equal: list[Step] = [
            ("equal", 0, start, 0, start),
            *middle,
            ("equal", to_old, len(old), to_new, len(new)),
        ]
        return [step for step in equal if step[1] < step[2] or step[3] < step[4]]


def _alike(one: list[str], other: list[str]) -> int:
    """Return how many lines at the start are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


class _Steps(difflib.SequenceMatcher[str]):
    """Steps that were found already, for difflib to group."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__()
        self._steps = steps

    def get_opcodes(self) -> list[Step]:
        """Return the steps."""
        return list(self._steps)


def _hunks(old: list[str], new: list[str], steps: list[Step]) -> Iterator[str]:
    for group in _Steps(steps).get_grouped_opcodes(_CONTEXT):
        (_, a, _, c, _), (_, _, b, _, d) = group[0], group[-1]
        yield f"@@ -{_range(a, b)} +{_range(c, d)} @@\n"
        for tag, a, b, c, d in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[a:b])
            else:
                yield from (f"-{line}" for line in old[a:b])
                yield from (f"+{line}" for line in new[c:d])


def _range(start: int, stop: int) -> str:
    return f"{start + (stop > start)},{stop - start}"


def _shown(text: str) -> str:
    """Return text on one line, of which a terminal does nothing but show it."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\t" else _escape(each) for each in text)


def _escape(character: str) -> str:
    return "␍" if character == "\r" else ascii(character)[1:-1]
