"""What hidden tests have: in the judge's computer it lies above them, as conftest.py.

`hidden_tests` puts it there; nothing imports it. The browser is Playwright's `page`, as the pytest
plugin of that name has it: https://playwright.dev/python/docs/test-runners.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from swelancer_plugin.grading import judge_browser as browser
else:
    sys.path.insert(0, str(Path(__file__).parent))
    import browser


@pytest.fixture(scope="session")
def app_url() -> str:
    """Where the app answers, without a slash at the end."""
    return os.environ["APP_URL"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """As every browser of a judge is launched."""
    from playwright.sync_api import expect

    expect.set_options(timeout=browser.ACTION_SECONDS * 1000)
    return {**browser_type_launch_args, **browser.launch_arguments()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """As every page of a judge is made."""
    return {**browser_context_args, **browser.context_arguments()}


@pytest.fixture(scope="session")
def console() -> Iterator[browser.Console]:
    """The log of all pages of a run."""
    with (Path(os.environ["OUTPUT"]) / "console.log").open("a", encoding="ascii") as file:
        yield browser.Console(file)


@pytest.fixture
def context(context: Any, console: browser.Console, request: pytest.FixtureRequest) -> Any:  # noqa: ANN401  # playwright is in the judge's computer alone
    """A context of the test's own, whose pages are heard."""
    context.set_default_timeout(browser.ACTION_SECONDS * 1000)
    console.say("test", request.node.name)
    console.hear(context)
    return context


def pytest_collection_finish(session: pytest.Session) -> None:
    """Name every test in the JUnit report; write the names down where that is asked for."""
    for item in session.items:
        item.user_properties.append(("nodeid", item.nodeid))
    if names := os.environ.get("SWELANCER_NAMES"):
        Path(names).write_text(json.dumps([item.nodeid for item in session.items]))
