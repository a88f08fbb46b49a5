"""A scripted user in a judge's computer: performs the steps of an issue and tells what it saw.

`user_session` puts it there as user.py, above the task's own ``user_tool/steps.py``, which has a
function ``use(page, step)``::

    def use(page, step):
        with step("Open the start page"):
            page.goto("/")
        with step("Search for café"):
            page.get_by_label("Search").fill("café")

It checks nothing: whoever reads the log draws the conclusions. After each step comes a screenshot
and what the page shows, in words (Playwright's aria snapshot).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from swelancer_plugin.grading import judge_browser as browser
else:
    import browser

    sys.path.append(str(Path(__file__).with_name("user_tool")))

SHOWN_CHARACTERS: Final = 4000
"""Of what a page shows after a step, in the log; the whole is in a file of its own, to `WHOLE`."""
WHOLE_CHARACTERS: Final = 200_000
FAILED_CHARACTERS: Final = 600


class NotReached(Exception):
    """A step did not work, so that the later ones can't be tried."""


class Steps:
    """Logs the steps as they are done."""

    def __init__(self, page: Any, output: Path) -> None:  # noqa: ANN401  # playwright is in the judge's computer alone
        """Log into a directory."""
        self._page = page
        self._output = output
        self._number = 0
        self._log = (output / "steps.log").open("w", encoding="utf-8", errors="replace")

    def say(self, text: str) -> None:
        """Write a line at once: what runs later may never come back."""
        print(text, file=self._log, flush=True)

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        """Do a step. Raises NotReached where it did not work."""
        self._number += 1
        began = time.monotonic()
        try:
            yield
        except Exception as error:
            self.say(f"{self._number}. {what}\n   did not work: {_reason(error)}")
            self._look()
            raise NotReached(what) from error
        self.say(f"{self._number}. {what}\n   done in {time.monotonic() - began:.1f} s")
        self._look()

    def _look(self) -> None:
        """Keep what is to be seen now, as far as the page lets itself be looked at."""
        name = f"{self._number:02d}"
        self._attempt(lambda: self._page.screenshot(path=self._output / f"{name}.png"))
        shown = self._attempt(lambda: self._page.locator("body").aria_snapshot())
        if isinstance(shown, str):
            (self._output / f"{name}.txt").write_text(
                shown[:WHOLE_CHARACTERS], encoding="utf-8", errors="replace"
            )
            lines = shown[:SHOWN_CHARACTERS].splitlines()
            if len(shown) > SHOWN_CHARACTERS:
                lines.append(f"... (all of it: {name}.txt)")
            self.say(f"   {self._page.url} then showed:")
            self.say("\n".join(f"     {line}" for line in lines))

    def _attempt(self, look: Callable[[], object]) -> object:
        try:
            return look()
        except Exception as error:
            self.say(f"   (the page can't be looked at: {_reason(error)})")
            return None


def _reason(error: Exception) -> str:
    """Return what Playwright says, without its colours."""
    text = getattr(error, "message", None) or f"{type(error).__name__}: {error}"
    return " ".join(str(text).split())[:FAILED_CHARACTERS]


def main(output: Path) -> None:
    """Perform the steps of steps.py."""
    from playwright.sync_api import sync_playwright
    from steps import use  # type: ignore[import-not-found]  # the task's own

    output.mkdir()
    headless = "DISPLAY" not in os.environ
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(headless=headless, **browser.launch_arguments()) as chromium,
        (output / "console.log").open("w", encoding="ascii") as console,
    ):
        context = chromium.new_context(**browser.context_arguments())
        context.set_default_timeout(browser.ACTION_SECONDS * 1000)
        browser.Console(console).hear(context)
        context.tracing.start(screenshots=True, snapshots=True)
        page = context.new_page()
        steps = Steps(page, output)
        try:
            use(page, steps)
        except NotReached:
            steps.say("The steps after this one were not tried.")
        context.tracing.stop(path=output / "trace.zip")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
