"""The browser in a judge's computer: Debian's Chromium, for tests and for the scripted user alike.

`stage` puts it there as browser.py; only scripts beside it import it. The pages are the app's, so
what they say is bounded before it is written down.
"""

from __future__ import annotations

import os
from typing import IO, Any, Final

CONSOLE_LINES: Final = 2000
CONSOLE_CHARACTERS: Final = 1000
"""Of a line."""
LAUNCH_SECONDS: Final = 90
ACTION_SECONDS: Final = 10
"""How long a click, or an expectation, waits for its element, unless a script says otherwise."""


def launch_arguments() -> dict[str, Any]:
    """Return how it is launched: its sandbox on, all but the app by the replay of traffic."""
    arguments: dict[str, Any] = {
        "executable_path": "/usr/bin/chromium",
        "chromium_sandbox": True,
        "timeout": LAUNCH_SECONDS * 1000,
    }
    if replay := os.environ.get("REPLAY_URL"):
        arguments["proxy"] = {"server": replay, "bypass": "127.0.0.1"}
    return arguments


def context_arguments() -> dict[str, Any]:
    """Return one screen, language and time zone wherever it runs; ``/`` is the app's address."""
    return {
        "base_url": os.environ["APP_URL"],
        "viewport": {"width": 1280, "height": 800},
        "locale": "en-GB",
        "timezone_id": "Europe/Berlin",
    }


class Console:
    """What pages print, a line each, as much as anybody would read."""

    def __init__(self, file: IO[str]) -> None:
        """Write into a file, which can hold ASCII."""
        self._file = file
        self._left = CONSOLE_LINES

    def say(self, kind: str, text: str) -> None:
        """Write a line."""
        if self._left:
            self._left -= 1
            line = text if self._left else "(the rest is left out)"
            print(f"{kind}: {line[:CONSOLE_CHARACTERS]!a}", file=self._file, flush=True)

    def hear(self, context: Any) -> None:  # noqa: ANN401  # playwright is in the judge's computer alone
        """Write down what the pages of a browser context print, throw and fail to load."""
        context.on("console", lambda message: self.say(message.type, message.text))
        context.on("weberror", lambda error: self.say("uncaught", str(error.error)))
        context.on("requestfailed", lambda failed: self.say("failed", failed.url))
