"""Files that are either wholly there or not at all. Ground floor helper, no knowledge of runs."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def atomic_write(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that no reader, and no crash, ever meets half a file.

    The bytes go to a temporary file in the same directory, are flushed to the disk, and take the
    name in one step; an older file of that name is replaced. The directory must exist. Raises
    OSError, leaving the older file and no temporary one.
    """
    # A name of fixed length: the target's own may already be as long as the file system allows.
    temporary = path.parent / f".tmp-{secrets.token_hex(8)}"
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_directory(path.parent)


def _flush_directory(directory: Path) -> None:
    """Make a rename survive a power cut; without it only the file's bytes would."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
