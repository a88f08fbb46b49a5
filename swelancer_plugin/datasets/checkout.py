"""The repository of an official list, supplied by the user: the tree before a task's fix."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock

from swelancer_plugin.datasets.errors import DatasetError

_GIT_SECONDS = 1800
"""Bound on one git command; a clone of a large repository takes minutes."""


def cache_folder() -> Path:
    """Return the folder of this user's checkouts; it may be deleted at any time."""
    return Path.home() / ".cache" / "swelancer" / "repositories"


def checkout(repository: str, commit: str | None, cache: Path | None = None) -> Path:
    """Return a directory with the repository's files, as they were before `commit`.

    `repository` is a path or a URL of a git repository, or a plain directory, which is taken as it
    is. With a commit (the fix), the tree of its parent is exported once into the cache, without
    history: later commits hold the answer. Raises DatasetError where it can't be had.
    """
    path = Path(repository).expanduser()
    cache = cache or cache_folder()
    if path.is_dir() and not (path / ".git").exists() and not (path / "HEAD").is_file():
        return path.resolve()
    source = str(path.resolve()) if path.is_dir() else repository
    if path.exists() or "://" in repository or "@" in repository:
        return _export(source, commit, cache, clone=not path.is_dir())
    raise DatasetError(path, "--repository: neither a directory nor a URL")


def _export(source: str, commit: str | None, cache: Path, *, clone: bool) -> Path:
    base = cache / hashlib.sha256(source.encode()).hexdigest()[:16]
    revision = f"{commit}^" if commit else "HEAD"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{base}.lock"):
        origin = _mirror(source, base.with_suffix(".git")) if clone else Path(source)
        tree = _git(origin, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}")
        target = base / tree
        if not target.is_dir():
            _unpack(origin, tree, target)
    return target


def _mirror(url: str, mirror: Path) -> Path:
    if not mirror.is_dir():
        fresh = Path(tempfile.mkdtemp(dir=mirror.parent))
        try:
            _git(mirror.parent, "clone", "--mirror", "--quiet", "--", url, str(fresh))
            fresh.rename(mirror)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return mirror


def _unpack(origin: Path, tree: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        archive = fresh / "tree.tar"
        _git(origin, "archive", "--format=tar", f"--output={archive}", tree)
        (fresh / "files").mkdir()
        shutil.unpack_archive(archive, fresh / "files", "tar", filter="tar")
        (fresh / "files").rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DatasetError(folder, f"--repository: {error}") from error
    if done.returncode:
        raise DatasetError(
            folder, f"--repository: git {arguments[0]}: {done.stderr.strip()[-400:]}"
        )
    return done.stdout.strip()
