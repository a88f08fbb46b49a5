"""The pytest11 entry point. Inert until a task is in sight; then `session.active` takes over."""

from __future__ import annotations

import pytest

from swelancer_plugin.session import arguments, options


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make our hooks known, so that a conftest.py may implement them."""
    from swelancer_plugin import newhooks

    pluginmanager.add_hookspecs(newhooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the settings table."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Start anew where a dataset's path on the command line would move pytest's root."""
    return arguments.restart_with_stable_root(config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register what a session with tasks needs, and nothing in any other."""
    arguments.add_datasets(config)
    if arguments.has_tasks(config):
        from swelancer_plugin.session import active

        active.start(config)
