"""Reading chosen paths of a frozen container's directory out of the engine's archives."""

from __future__ import annotations

import posixpath
import re
import tarfile
from collections import defaultdict
from itertools import takewhile
from typing import IO, TYPE_CHECKING, Final, cast

from swelancer_plugin.computers.archive import opened
from swelancer_plugin.computers.engine_answers import engine_asked
from swelancer_plugin.computers.excluded import Excluded
from swelancer_plugin.computers.interface import ComputerGone, EngineError, TooMuch, TreeFile

if TYPE_CHECKING:
    from docker import APIClient
    from requests import Response

MAX_FILES: Final = 5_000
"""Changed files and links; as many deletions."""
MAX_FILE_BYTES: Final = 32 * 1024 * 1024
MAX_BYTES: Final = 64 * 1024 * 1024
"""Of all changed files together."""
MAX_ARCHIVES: Final = 200
"""Asked of the engine, some 80 ms each."""
MAX_STREAMED: Final = 1024**3
"""Bytes of archives that are read through to find the changed files in them."""
MAX_LEFT_OUT: Final = 50
"""Lines about what is left out."""
_MB: Final = 1024 * 1024
_BUFFER: Final = 1 << 18
# The engine's list is JSON, and shows U+FFFD for each byte that is no UTF-8.
_NO_UTF8: Final = re.compile("[\udc80-\udcff]")
_REPLACED: Final = "\ufffd"


class Reading:
    """What is read of a directory, and how much more may be."""

    def __init__(
        self,
        api: APIClient,
        container: str,
        directory: str,
        wanted: set[str] | None,
        excluded: tuple[str, ...] = (),
        limit: int = MAX_STREAMED,
    ) -> None:
        """`wanted` are relative paths as the engine lists them, none within another; None is all
        but what is `excluded`. At most `limit` bytes of archives are read through.
        """
        self.files: dict[str, TreeFile] = {}
        """By path."""
        self._api = api
        self._container = container
        self._directory = directory
        self._wanted = wanted
        self._excluded = Excluded(excluded)
        self._limit = limit
        self._left_out: dict[str, str] = {}
        self._met: set[str] = set()
        self._bytes = 0
        self._archives = 0
        self._streamed = 0

    def read_all(self) -> None:
        """Read all that is wanted. Raises TooMuch, ComputerGone, EngineError."""
        links: list[tuple[str, str]] = []
        for path in self._groups():
            links += self._read(path)
        for path, target in links:
            if (file := self.files.get(target)) is not None and not file.link:
                self._keep(path, file.content, executable=file.executable)
            else:  # the other name of it has not changed: alone, it comes as a file
                self._read(path)
        for path in (self._wanted or set()) - self._met:
            self._leave_out(path, "its name is no UTF-8" if _REPLACED in path else "is no file")

    def left_out(self) -> tuple[str, ...]:
        """Return a line for each path that no submission can hold, a bounded number of them."""
        lines = [f"{path!a:.300}: {why}" for path, why in sorted(self._left_out.items())]
        more = len(lines) - MAX_LEFT_OUT
        return (*lines[:MAX_LEFT_OUT], *([f"and {more:,} more"] if more > 0 else []))

    def _groups(self) -> list[str]:
        """Return the paths to ask for: of each name at the top, what holds all that is wanted."""
        if self._wanted is None:
            return [""]
        groups = defaultdict(list)
        for path in self._wanted:
            groups[path.partition("/")[0]].append(path)
        if len(groups) > MAX_ARCHIVES:
            return [""]
        return sorted(posixpath.commonpath(paths) for paths in groups.values())

    def _read(self, path: str) -> list[tuple[str, str]]:
        """Read what is wanted of one archive; return hard links: path, and that of the file."""
        self._archives += 1
        if self._archives > MAX_ARCHIVES:
            raise TooMuch("what was changed is too scattered, or linked, to be read")
        whole = posixpath.join(self._directory, path).rstrip("/")
        what = f"read {whole!r}"
        with engine_asked(what), opened(self._api, self._container, whole) as found:
            if found.response is None:
                if found.kind == "missing":  # a name that only looks like the one listed
                    return []
                raise ComputerGone(f"{what}: the engine can't")
            try:
                return self._pick(found.response, path, posixpath.basename(whole))
            except (tarfile.TarError, OSError, ValueError) as error:
                # nothing moves in there, so nothing in there did it
                raise EngineError(f"{what}: the engine's archive is broken: {error}") from error

    def _pick(self, response: Response, path: str, name: str) -> list[tuple[str, str]]:
        links = []
        stream = _Counted(response, self._limit - self._streamed)
        with tarfile.open(
            fileobj=cast(IO[bytes], stream),  # it is only ever read
            mode="r|",
            bufsize=_BUFFER,
            encoding="utf-8",
            errors="surrogateescape",
        ) as archive:
            while (member := archive.next()) is not None:
                # it would remember every member there is
                archive.members = []  # type: ignore[attr-defined]
                inside = _inside(member.name, path, name)
                shown = _NO_UTF8.sub(_REPLACED, inside)
                if member.isdir() or not self._wants(shown):
                    self._met.add(shown)
                elif shown != inside:
                    self._leave_out(shown, "its name is no UTF-8")
                else:
                    self._met.add(inside)
                    if member.islnk():
                        links.append((inside, _inside(member.linkname, path, name)))
                    else:
                        self._take(archive, member, inside)
        self._streamed += stream.size
        return links

    def _wants(self, path: str) -> bool:
        if self._wanted is None:
            return path not in self._excluded
        return path in self._wanted

    def _take(self, archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        if member.issym():
            if not stays_inside(path, member.linkname):
                self._leave_out(path, "is a link that leads out of the directory")
            else:
                self._keep(path, member.linkname.encode(), link=True)
        elif not member.isreg():
            self._leave_out(path, "is no file, link or directory")
        elif member.size > MAX_FILE_BYTES:
            shown = f"{path!a:.300} has {member.size / _MB:,.0f} MB"
            raise TooMuch(f"{shown}; a submitted file may have {MAX_FILE_BYTES // _MB}")
        else:
            self._room_for(member.size)
            content = archive.extractfile(member)
            assert content is not None  # it is a regular file
            self._keep(path, content.read(), executable=bool(member.mode & 0o100))

    def _keep(
        self, path: str, content: bytes, *, executable: bool = False, link: bool = False
    ) -> None:
        self._room_for(len(content))
        self._bytes += len(content)
        self.files[path] = TreeFile(path, content, executable, link)
        if len(self.files) > MAX_FILES:
            raise TooMuch(f"more than {MAX_FILES:,} files were changed")

    def _room_for(self, size: int) -> None:
        if self._bytes + size > MAX_BYTES:
            raise TooMuch(f"the changed files have more than {MAX_BYTES // _MB} MB altogether")

    def _leave_out(self, path: str, why: str) -> None:
        self._left_out[path] = why


def stays_inside(path: str, target: str) -> bool:
    """Tell whether a link at a relative path can't lead out of the tree, whatever others do.

    So ``..`` may only stand at the start of it: after the name of another link it could be
    anywhere. A name that is no UTF-8 can't be judged.
    """
    names = [name for name in target.split("/") if name not in ("", ".")]
    up = len(list(takewhile("..".__eq__, names)))
    return (
        not target.startswith("/")
        and ".." not in names[up:]
        and up <= path.count("/")
        and _NO_UTF8.search(target) is None
    )


def _inside(member: str, path: str, name: str) -> str:
    """Return where a member of the archive of `path`, whose last name is `name`, lies."""
    return (path + member.removeprefix(name)).lstrip("/")


class _Counted:
    """A response that is read as a file, up to a number of bytes."""

    def __init__(self, response: Response, limit: int) -> None:
        self.size = 0
        self._response = response
        self._limit = limit

    def read(self, size: int) -> bytes:
        piece = cast(bytes, self._response.raw.read(size))
        self.size += len(piece)
        if self.size > self._limit:
            raise TooMuch(f"there is more than {self._limit / _MB:,.0f} MB beside what was changed")
        return piece
