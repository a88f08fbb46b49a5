"""The files of a repository as a computer gets them: which, in which order, with which modes."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from swelancer_plugin.datasets.errors import DatasetError

LEFT_OUT: Final = frozenset({".git", "node_modules", "__pycache__"})
"""Names that never enter a computer, at any depth, and are no part of what leaves one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, link or directory of a source tree."""

    name: str
    """Relative to the source, with slashes."""
    path: Path
    mode: int
    """File type and permissions, the latter as git keeps them: executable or not."""

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory, and no link to one."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)

    @property
    def executable(self) -> bool:
        """Whether it is a file with the exec bit."""
        return stat.S_ISREG(self.mode) and bool(self.mode & 0o100)

    def digest(self) -> bytes:
        """Return what tells its content from another's."""
        if self.is_link:
            return os.fsencode(os.readlink(self.path))
        if self.is_directory:
            return b""
        return file_digest(self.path)


def source_entries(source: Path) -> Iterator[Entry]:
    """Yield what enters a computer, in a fixed order. Raises DatasetError for what can't."""
    if not source.is_dir():
        raise DatasetError(source, "the repository is no directory")
    for directory, names, files in os.walk(source):
        names[:] = sorted(set(names) - LEFT_OUT)
        for name in sorted({*names, *files} - LEFT_OUT):
            path = Path(directory, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                mode = stat.S_IFREG | (0o755 if mode & 0o100 else 0o644)
            elif stat.S_ISDIR(mode):
                mode = stat.S_IFDIR | 0o755
            elif stat.S_ISLNK(mode):
                mode = stat.S_IFLNK | 0o777
            else:
                raise DatasetError(path, "is no file, link or directory; no computer can hold it")
            yield Entry(path.relative_to(source).as_posix(), path, mode)


def file_digest(path: Path) -> bytes:
    """Return what tells a file's content from another's. Raises DatasetError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise DatasetError(path, f"can't be read: {error.strerror}") from error


def tree_digest(source: Path, *more: bytes) -> str:
    """Return a digest (hexadecimal) of `more` and of a whole tree. Raises as `source_entries`."""
    digest = hashlib.sha256()
    for part in more:
        _add(digest, part)
    for entry in source_entries(source):
        _add(digest, f"{entry.mode:o} {entry.name}".encode("utf-8", "surrogateescape"))
        _add(digest, entry.digest())
    return digest.hexdigest()


def _add(digest: hashlib._Hash, part: bytes) -> None:
    digest.update(len(part).to_bytes(8))  # so that no two lists of parts read alike
    digest.update(part)
