"""What the command line asks for: which datasets, whether there are tasks, and a stable root.

Kept light: this runs in every pytest session of a machine that has the plugin installed.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from swelancer_plugin.settings import OPTIONS

TASK_FILE = "task.toml"
REPOSITORY_FILE = "repository.toml"
SNIFFED = 1024 * 1024
"""Bytes of a task.toml or repository.toml that are looked at: more than one may have."""

_VALUE_FLAGS = {option.flag for option in OPTIONS if option.kind != "switch"}


def restart_with_stable_root(config: pytest.Config) -> int | None:
    """Run pytest again with arguments that leave the root where the user stands, or return None.

    pytest derives its root, and so its ini file and every node id, from all existing paths on the
    command line, also from an option's separate value. ``--dataset=PATH`` has no such effect, so
    ``--dataset PATH`` and a list outside of the root given by its path become that. So does
    ``--model first`` beside a folder of that name; no other value moves the root.
    """
    if hasattr(config, "workerinput"):
        return None
    given = [os.fspath(argument) for argument in config.invocation_params.args]
    addopts = os.environ.get("PYTEST_ADDOPTS")
    added = shlex.split(addopts or "")
    here, outside = config.invocation_params.dir, _outside_lists(config)
    stable = list(_stable(given, here, outside))
    stable_added = list(_stable(added, here, outside))
    if stable == given and stable_added == added:
        return None
    if stable_added != added:
        os.environ["PYTEST_ADDOPTS"] = shlex.join(stable_added)
    try:
        return pytest.main(stable, plugins=config.invocation_params.plugins)
    finally:
        if addopts is None:
            os.environ.pop("PYTEST_ADDOPTS", None)
        else:
            os.environ["PYTEST_ADDOPTS"] = addopts


def _stable(arguments: list[str], here: Path, outside: set[str]) -> Iterator[str]:
    waiting = iter(arguments)
    for argument in waiting:
        value = next(waiting, None) if argument in _VALUE_FLAGS else None
        if value is not None and os.path.exists(_path_of(value, here)):
            yield f"{argument}={value}"
        elif value is not None:
            yield from (argument, value)
        elif argument in outside:
            yield f"--dataset={argument}"
        else:
            yield argument


def _outside_lists(config: pytest.Config) -> set[str]:
    """Return the positional arguments that name an official list outside of the working folder."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return set()
    here = config.invocation_params.dir
    paths = {argument: _path_of(argument, here) for argument in config.args}
    return {
        argument
        for argument, path in paths.items()
        if not path.is_relative_to(here) and _is_list(path)
    }


def add_datasets(config: pytest.Config) -> None:
    """Add the datasets to what is collected; without paths on the line they replace testpaths."""
    from swelancer_plugin.session.options import asked_datasets

    datasets = asked_datasets(config)
    for dataset in datasets:
        path = _path_of(dataset, config.invocation_params.dir)
        if not os.path.isfile(path):
            raise pytest.UsageError(f"--dataset: no such file: {path} (a SWE-Lancer CSV is wanted)")
        if not _is_list(path):
            raise pytest.UsageError(
                f"--dataset: {path} is no SWE-Lancer list: a CSV whose header has the columns "
                "question_id, variant and price is wanted"
            )
    if datasets:
        named = config.args_source is pytest.Config.ArgsSource.ARGS
        config.args = list(dict.fromkeys([*(config.args if named else ()), *datasets]))


def has_tasks(config: pytest.Config) -> bool:
    """Tell whether anything that this session is to collect holds a task."""
    prune = [str(pattern) for pattern in config.getini("norecursedirs")]
    return any(_holds_task(path, prune) for path in _argument_paths(config))


def is_task_file(path: Path) -> bool:
    """Tell whether a file is a bundled task's and no other tool's ``task.toml``; never raises."""
    if path.name != TASK_FILE:
        return False
    return _has_keys(path, "variant") or _has_keys(path, "price", "repository")


def is_repository_file(path: Path) -> bool:
    """Tell whether a file is a bundled repository's ``repository.toml``; never raises."""
    return path.name == REPOSITORY_FILE and _has_keys(path, "workdir", "source")


def _has_keys(path: Path, *keys: str) -> bool:
    """Tell whether a TOML file has these keys at its top level.

    Where it can't be parsed, a line that begins with the key counts, so that the reader of the
    file can say what is wrong with it.
    """
    if not os.path.isfile(path):  # reading a pipe would wait
        return False
    try:
        with path.open("rb") as file:
            data = file.read(SNIFFED)
    except OSError:
        return False
    if not all(key.encode() in data for key in keys):
        return False
    import tomllib

    try:
        return tomllib.loads(data.decode()).keys() >= set(keys)
    except (ValueError, RecursionError):
        starts = (rb"^[ \t]*[\"']?" + key.encode() + rb"\b" for key in keys)
        return all(re.search(start, data, re.MULTILINE) for start in starts)


def is_named(config: pytest.Config, path: Path) -> bool:
    """Tell whether what is to be collected names this very path, be it within another one too."""
    return any(path == each for each in _argument_paths(config))


def _argument_paths(config: pytest.Config) -> Iterator[Path]:
    for argument in config.args:
        yield _path_of(argument, config.invocation_params.dir)


def _path_of(argument: str, here: Path) -> Path:
    return Path(os.path.abspath(here / argument.partition("::")[0]))


def _holds_task(path: Path, prune: list[str]) -> bool:
    if not os.path.isdir(path):
        return is_task_file(path) or _is_list(path)
    for folder, folders, files in os.walk(path):
        if TASK_FILE in files and is_task_file(Path(folder, TASK_FILE)):
            return True
        whole = REPOSITORY_FILE in files and is_repository_file(Path(folder, REPOSITORY_FILE))
        folders[:] = [name for name in folders if not whole and not _is_pruned(name, prune)]
    return False


def _is_pruned(name: str, prune: list[str]) -> bool:
    return name == "__pycache__" or any(fnmatch.fnmatch(name, pattern) for pattern in prune)


def _is_list(path: Path) -> bool:
    if path.suffix != ".csv":
        return False
    from swelancer_plugin.datasets.official import is_official

    return is_official(path)
