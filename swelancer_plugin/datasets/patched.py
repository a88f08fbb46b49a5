"""A repository with a task's bug in it: the source tree with a patch applied, kept for later."""

from __future__ import annotations

import dataclasses
import os
import shutil
import stat
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from swelancer_plugin.datasets.checkout import cache_folder
from swelancer_plugin.datasets.errors import DatasetError
from swelancer_plugin.datasets.tree import source_entries, tree_digest
from swelancer_plugin.task import Repository

_GIT_SECONDS: Final = 120
_MAKING: Final = "making-"
_FORMAT: Final = b"1"
"""To be raised when the same source and patch would make another tree than before."""


def patched(repository: Repository, bug_patch: Path, cache: Path | None = None) -> Repository:
    """Return the repository with `source` a tree of its own that has the patch applied.

    An empty patch returns the repository as it is: the bug lies in the source. The tree is made
    once, however many processes ask, in a folder that may be deleted at any time (by default in
    the user's cache), and made anew where it is no longer what it was made to be: cleaners of
    caches take single files. What no computer gets is not in it; links and exec bits are. Raises
    DatasetError, naming the patch and what git said.
    """
    try:
        patch = bug_patch.read_bytes()
        if not patch.strip():
            return repository
        if repository.source is None:
            raise DatasetError(bug_patch, f"{repository.name} has no source to apply it to")
        cache = cache or cache_folder().with_name("patched")
        tree = cache / tree_digest(repository.source, _FORMAT, patch)
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{tree}.lock"):
            if not _is_whole(tree):
                _sweep(tree)
                _make(tree, repository.source, bug_patch)
    except OSError as error:
        raise DatasetError(bug_patch, f"can't be applied: {error}") from error
    return dataclasses.replace(repository, source=tree)


def _make(tree: Path, source: Path, patch: Path) -> None:
    fresh = tree.with_name(f"{_MAKING}{tree.name}")
    try:
        _copy(source, fresh)
        _apply(patch, fresh)
        if tree.exists():
            shutil.rmtree(tree)
        _said(tree).write_text(tree_digest(fresh))
        fresh.rename(tree)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _said(tree: Path) -> Path:
    """Return the file that says what digest a made tree has."""
    return tree.with_name(f"{tree.name}.digest")


def _is_whole(tree: Path) -> bool:
    try:
        return tree_digest(tree) == _said(tree).read_text()
    except (OSError, DatasetError, UnicodeDecodeError):
        return False


def _sweep(tree: Path) -> None:
    """Remove what killed processes have begun: the folders of all trees that nobody is making."""
    for folder in tree.parent.glob(f"{_MAKING}*"):
        name = folder.name.removeprefix(_MAKING)
        if name == tree.name:  # its lock is held
            shutil.rmtree(folder)
        else:
            with suppress(Timeout), FileLock(tree.with_name(f"{name}.lock"), timeout=0):
                shutil.rmtree(folder)


def _copy(source: Path, target: Path) -> None:
    target.mkdir()
    for entry in source_entries(source):
        path = target / entry.name
        if stat.S_ISDIR(entry.mode):
            path.mkdir()
        elif stat.S_ISLNK(entry.mode):
            path.symlink_to(os.readlink(entry.path))
        else:
            shutil.copyfile(entry.path, path)
            path.chmod(stat.S_IMODE(entry.mode))


def _apply(patch: Path, tree: Path) -> None:
    """Have git apply it in a plain directory: no repository around it, nobody's configuration."""
    command = ["git", "apply", "--whitespace=nowarn", str(patch.resolve())]
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    environment |= {
        "GIT_CEILING_DIRECTORIES": str(tree.parent.resolve()),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, timeout=_GIT_SECONDS
        )
    except FileNotFoundError as error:
        reason = "git, which applies it, is not on this machine. To do: install git"
        raise DatasetError(patch, reason) from error
    except subprocess.TimeoutExpired as error:
        raise DatasetError(patch, f"git did not apply it in {_GIT_SECONDS} s") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", errors="replace").strip()[-400:]
        raise DatasetError(patch, f"does not apply: {said}")
