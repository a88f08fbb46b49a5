"""The hooks of a session that has tasks, in every process of it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from swelancer_plugin.session import ahead, collect, fixtures, handover, keywords, record, signals
from swelancer_plugin.session.models import problem
from swelancer_plugin.session.run import (
    RUN,
    is_worker,
    keep_run,
    only_looks,
    open_run,
    run_of,
)


def start(config: pytest.Config) -> None:
    """Open the run and register what a session with tasks needs."""
    config.addinivalue_line(
        "markers", "swelancer(id, price, variant, split): a task; price in dollars"
    )
    config.stash[RUN] = open_run(config)
    signals.install(config)
    config.pluginmanager.register(_Active(), "swelancer-active")
    config.pluginmanager.register(_Over(), "swelancer-over")
    config.pluginmanager.register(fixtures, "swelancer-fixtures")
    if run_of(config).settings.disk_budget is not None:
        config.pluginmanager.register(ahead.Ahead(run_of(config)), "swelancer-ahead")
    if not is_worker(config):
        from swelancer_plugin.session import controller

        if not only_looks(config) and not problem(config):
            keep_run(config)
        controller.start(config)


class _Active:
    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(
        self, path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        return collect.collect_directory(path, parent)

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        return collect.collect_file(file_path, parent)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Iterator[Any]:
        with keywords.rewrite(config, items):
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        handover.collected(session)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        run = run_of(item.config)
        if not isinstance(item, collect.TaskItem) or run.directory is None or run.ended:
            return (yield)  # an ordinary test, or a session that only looks, or is over
        with record.recording(item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report: pytest.TestReport = yield
        if isinstance(item, collect.TaskItem) and record.PROGRESS in item.stash:
            record.annotate(item, call, report)
        return report


class _Over:
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Start no further task once it is known that none can be worked on."""
        over = isinstance(item, collect.TaskItem) and run_of(item.config).ended
        return True if over else None
