"""What the command line asks for: which datasets, whether there are tasks, and a stable root.

Kept light: this runs in every pytest session of a machine that has the plugin installed.
"""

from __future__ import annotations

import fnmatch
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from swelancer_plugin.settings import OPTIONS

TASK_FILE = "task.toml"
REPOSITORY_FILE = "repository.toml"
_VALUE_FLAGS = {option.flag for option in OPTIONS if option.kind != "switch"}


def restart_with_stable_root(config: pytest.Config) -> int | None:
    """Run pytest again with arguments that leave the root where the user stands, or return None.

    pytest derives its root, and so its ini file and every node id, from all existing paths on the
    command line, also from an option's separate value. ``--dataset=PATH`` has no such effect, so
    ``--dataset PATH`` and a list outside of the root given by its path become that.
    """
    if hasattr(config, "workerinput"):
        return None
    given = list(config.invocation_params.args)
    texts = [os.fspath(argument) for argument in given]
    stable = list(_stable(texts, _outside_lists(config)))
    addopts = os.environ.get("PYTEST_ADDOPTS", "")
    stable_addopts = shlex.join(_stable(shlex.split(addopts), set()))
    if stable == texts and stable_addopts == shlex.join(shlex.split(addopts)):
        return None
    os.environ["PYTEST_ADDOPTS"] = stable_addopts
    try:
        return pytest.main(stable, plugins=config.invocation_params.plugins)
    finally:
        os.environ["PYTEST_ADDOPTS"] = addopts


def _stable(arguments: list[str], outside: set[str]) -> Iterator[str]:
    waiting = iter(arguments)
    for argument in waiting:
        if argument in _VALUE_FLAGS:
            value = next(waiting, None)
            yield argument if value is None else f"{argument}={value}"
        elif argument in outside:
            yield f"--dataset={argument}"
        else:
            yield argument


def _outside_lists(config: pytest.Config) -> set[str]:
    """Return the positional arguments that name an official list outside of the working folder."""
    here = config.invocation_params.dir
    outside = set()
    for argument in config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []:
        path = (here / argument.partition("::")[0]).resolve()
        if path.suffix == ".csv" and path.is_file() and not path.is_relative_to(here.resolve()):
            outside.add(argument)
    return outside


def add_datasets(config: pytest.Config) -> None:
    """Add ``--dataset`` to what is collected; without paths on the line it replaces testpaths."""
    from swelancer_plugin.session.options import resolve_settings

    if not _dataset_asked(config):
        return
    datasets = list(resolve_settings(config).settings.dataset)
    for dataset in datasets:
        path = config.invocation_params.dir / dataset.partition("::")[0]
        if not path.is_file():
            raise pytest.UsageError(f"--dataset: no such file: {path} (a SWE-Lancer CSV is wanted)")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = []
    config.args = [*config.args, *(each for each in datasets if each not in config.args)]


def _dataset_asked(config: pytest.Config) -> bool:
    """Tell cheaply whether any source could name a dataset."""
    if config.getoption("swelancer_dataset") or config.getini("swelancer_dataset"):
        return True
    return "SWELANCER_DATASET" in os.environ or (config.rootpath / ".env").is_file()


def has_tasks(config: pytest.Config) -> bool:
    """Tell whether anything that this session is to collect holds a task."""
    prune = [str(pattern) for pattern in config.getini("norecursedirs")]
    return any(_holds_task(path, prune) for path in _argument_paths(config))


def _argument_paths(config: pytest.Config) -> Iterator[Path]:
    for argument in config.args:
        yield config.invocation_params.dir / argument.partition("::")[0]


def _holds_task(path: Path, prune: list[str]) -> bool:
    if path.suffix == ".csv" and path.is_file():
        from swelancer_plugin.datasets.official import is_official

        return is_official(path)
    if not path.is_dir():
        return path.name == TASK_FILE and path.is_file()
    for _folder, folders, files in os.walk(path):
        if TASK_FILE in files:
            return True
        folders[:] = [
            name
            for name in folders
            if name != "__pycache__" and not any(fnmatch.fnmatch(name, p) for p in prune)
        ]
    return False
