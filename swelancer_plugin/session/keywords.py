"""Comparisons in ``-k``, pytest's side: what tasks answer to, and errors in the user's own words.

Works through `config.option.keyword` and `item.extra_keyword_matches` alone, so that
``--deselect``, ``--lf``, ``--sw`` and node ids keep their meaning. Workers of xdist parse the
command line anew, so the same functions serve there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from swelancer_plugin.session.selection import Compiled, SelectionError, compile_expression
from swelancer_plugin.task import Task


def task_keywords(task: Task) -> set[str]:
    """Return the plain words that ``-k`` finds a task by, besides its id and file.

    As with all names in ``-k``, a part of a word is enough: ``manager`` finds `swe_manager`.
    """
    words = {task.variant, task.dataset, *task.tags}
    if task.split is not None:
        words.add(task.split)
    if task.hard:
        words.add("hard")
    return {word for word in words if word}


def task_of(item: pytest.Item) -> Task | None:
    """Return the task of an item, or None for an ordinary test."""
    task = getattr(item, "task", None)
    return task if isinstance(task, Task) else None


@contextmanager
def rewrite(config: pytest.Config, items: Sequence[pytest.Item]) -> Iterator[None]:
    """Make the comparisons in ``-k`` hold for the items, while pytest selects among them.

    To be held open by a wrapper around all other `pytest_collection_modifyitems`. An ordinary
    test satisfies no comparison, and so nothing does where ``--lf`` or ``--split`` leaves no task.
    """
    tasks = [(item, task) for item in items if (task := task_of(item)) is not None]
    compiled = _compile(config)
    for item, task in tasks:
        item.extra_keyword_matches |= compiled.idents(task)
    try:
        with _in_place(config, compiled):
            yield
    finally:
        idents = {atom.ident for atom in compiled.atoms}
        for item, _ in tasks:
            item.extra_keyword_matches -= idents


def validate(config: pytest.Config) -> None:
    """Raise UsageError for a ``-k`` or ``-m`` that can't be parsed, before anything is collected.

    For the controller: raised in a worker, it would be an internal error without its message.
    To be called when all plugins have registered their markers (strict markers are checked too):
    from `pytest_sessionstart`, which xdist starts its workers in, last of all.
    """
    compiled = _compile(config)
    mark = config.pluginmanager.get_plugin("mark")
    if mark is not None:
        with _in_place(config, compiled):
            mark.pytest_collection_modifyitems(items=[], config=config)
    if (column := compiled.call_column) is not None:
        hint = "there are no call parameters in -k: use -m, or a comparison such as price==250"
        raise _usage_error(compiled.source, column, hint)


def _compile(config: pytest.Config) -> Compiled:
    # pytest strips the text before it counts columns
    source = (config.option.keyword or "").lstrip()
    try:
        return compile_expression(source)
    except SelectionError as error:
        raise _usage_error(source, error.column, error.message) from None


def _usage_error(source: str, column: int, message: str) -> pytest.UsageError:
    text = f"Wrong expression passed to '-k': {source}: at column {column}: {message}"
    return pytest.UsageError(text)


@contextmanager
def _in_place(config: pytest.Config, compiled: Compiled) -> Iterator[None]:
    """Put the rewritten text in place; pytest's complaints about it show the original."""
    original = config.option.keyword
    if compiled.atoms:
        config.option.keyword = compiled.text
    try:
        yield
    except pytest.UsageError as error:
        restored = compiled.restore(str(error))
        if restored == str(error):
            raise
        raise pytest.UsageError(restored) from None
    finally:
        config.option.keyword = original
