"""What a build is sent: a tar file of the recipe, our own files and a repository's."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from swelancer_plugin.datasets.tree import Entry, source_entries

SOURCE: Final = "source"
"""The folder of the repository's files in a context."""
# One fixed time for every file, so that equal trees make equal layers (2025-01-01).
_MTIME: Final = 1735689600


@contextmanager
def context(
    files: Mapping[str, bytes], source: Path | None, only: Collection[str] = ()
) -> Iterator[IO[bytes]]:
    """Open a context with `files` and a source's, all of them or `only` the named ones.

    Raises DatasetError for a source that no computer can hold.
    """
    with tempfile.TemporaryFile(prefix="swelancer-context-") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, content in files.items():
                _add_file(tar, name, content)
            root = tarfile.TarInfo(SOURCE)
            root.type, root.mode, root.mtime = tarfile.DIRTYPE, 0o755, _MTIME
            tar.addfile(root)
            for entry in () if source is None else source_entries(source):
                if not only or entry.name in only:
                    _add_entry(tar, entry)
        file.seek(0)
        yield file


def _add_file(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(content), _MTIME
    tar.addfile(info, io.BytesIO(content))


def _add_entry(tar: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(f"{SOURCE}/{entry.name}")
    info.mode, info.mtime = stat.S_IMODE(entry.mode), _MTIME
    if entry.is_link:
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(entry.path)
        tar.addfile(info)
    elif entry.is_directory:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    else:
        with entry.path.open("rb") as file:
            info.size = os.fstat(file.fileno()).st_size
            tar.addfile(info, file)
