"""Locks between processes of one machine: what several want is made once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from swelancer_plugin.computers.interface import EngineError


@contextmanager
def lock(key: str, seconds: float, given_up: Callable[[], bool] | None = None) -> Iterator[None]:
    """Hold the lock of a key; whoever dies lets go of it.

    Raises EngineError after `seconds`, or as soon as the wait is `given_up`.
    """
    from filelock import FileLock, Timeout

    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    held = FileLock(private_directory() / f"{name}.lock", timeout=seconds)
    try:
        held.acquire(cancel_check=given_up)
    except Timeout as error:
        if given_up is not None and given_up():
            raise EngineError(f"the wait for {key} was ended") from error
        raise EngineError(
            f"another process has been making {key} for more than {seconds:g} s; "
            f"if none is, remove {held.lock_file}"
        ) from error
    try:
        yield
    finally:
        held.release()


def private_directory() -> Path:
    """Return a directory of this user's own; another's could hold every lock against us."""
    path = Path(tempfile.gettempdir()) / f"swelancer-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise EngineError(f"{path} belongs to another user; remove it or set TMPDIR")
    return path
