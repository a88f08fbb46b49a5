"""What hidden tests have: in the judge's computer it lies above them, as conftest.py.

`hidden_tests` puts it there; nothing imports it. The browser is Playwright's `page`, as the pytest
plugin of that name has it: https://playwright.dev/python/docs/test-runners. Its pages are the
app's, so what they say is bounded before it is written down.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import pytest

CONSOLE_LINES: Final = 2000
CONSOLE_CHARACTERS: Final = 1000
"""Of a line."""
ACTION_SECONDS: Final = 10
"""How long a click, or an expectation, waits for its element, unless a test says otherwise."""


@pytest.fixture(scope="session")
def app_url() -> str:
    """Where the app answers, without a slash at the end."""
    return os.environ["APP_URL"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, its sandbox on; what is not the app goes to the replay of traffic."""
    from playwright.sync_api import expect

    expect.set_options(timeout=ACTION_SECONDS * 1000)
    launch: dict[str, Any] = {
        **browser_type_launch_args,
        "executable_path": "/usr/bin/chromium",
        "chromium_sandbox": True,
    }
    if replay := os.environ.get("REPLAY_URL"):
        launch["proxy"] = {"server": replay, "bypass": "127.0.0.1"}
    return launch


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any], app_url: str) -> dict[str, Any]:
    """One screen, language and time zone wherever it runs; `page.goto("/")` is the app's."""
    return {
        **browser_context_args,
        "base_url": app_url,
        "viewport": {"width": 1280, "height": 800},
        "locale": "en-GB",
        "timezone_id": "Europe/Berlin",
    }


class _Console:
    """What pages print, a line each, as much as anybody would read."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._left = CONSOLE_LINES

    def say(self, kind: str, text: str) -> None:
        if self._left:
            self._left -= 1
            line = text if self._left else "(the rest is left out)"
            print(f"{kind}: {line[:CONSOLE_CHARACTERS]!r}", file=self._file)


@pytest.fixture(scope="session")
def console() -> Iterator[_Console]:
    """The log of all pages of a run."""
    path = Path(os.environ["OUTPUT"]) / "console.log"
    with path.open("a", encoding="ascii", errors="backslashreplace", buffering=1) as file:
        yield _Console(file)


@pytest.fixture
def context(context: Any, console: _Console, request: pytest.FixtureRequest) -> Any:  # noqa: ANN401  # playwright is in the judge's computer alone
    """A context of the test's own, whose pages are heard."""
    context.set_default_timeout(ACTION_SECONDS * 1000)
    console.say("test", request.node.name)
    context.on("console", lambda message: console.say(message.type, message.text))
    context.on("weberror", lambda error: console.say("uncaught", str(error.error)))
    context.on("requestfailed", lambda failed: console.say("failed", failed.url))
    return context


def pytest_collection_finish(session: pytest.Session) -> None:
    """Name every test in the JUnit report; write the names down where that is asked for."""
    for item in session.items:
        item.user_properties.append(("nodeid", item.nodeid))
    if names := os.environ.get("SWELANCER_NAMES"):
        Path(names).write_text(json.dumps([item.nodeid for item in session.items]))
