"""How long a call of a model is tried: bounded in number and in time, each wait said."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Final, TypeAlias

from swelancer_plugin.models.failures import Retry
from swelancer_plugin.models.interface import ModelUnavailable
from swelancer_plugin.models.options import ModelOptions

OnRetry: TypeAlias = Callable[[str, float], None]
"""Is told the reason of a retry, and the seconds that are waited before it.

No wait at all, 0.0, is a request that is sent again with less: no failure of the server's.
"""

MAX_OWN_WAIT: Final = 60.0
"""Seconds, before jitter, that are waited where the server does not ask for more."""


class Patience:
    """What is left of the retries of one call."""

    def __init__(
        self, options: ModelOptions, where: str, on_retry: OnRetry, dice: random.Random
    ) -> None:
        self._options = options
        self._where = where
        self._on_retry = on_retry
        self._dice = dice
        self._tries = 0
        self._started = time.monotonic()
        self.billed = False
        """Whether one of the tries that failed may have been charged for."""

    async def wait(self, failure: Retry) -> None:
        """Wait before the next try. Raises ModelUnavailable where there is to be none.

        There is none once the retries are used, or where it would begin later than
        `ModelOptions.retry_seconds` after the call, whoever asks for the wait.
        """
        self._tries += 1
        self.billed = self.billed or failure.billed
        if self._tries > self._options.retries:
            self._give_up(failure, "no retry is left")
        backoff, asked = self._backoff(), failure.wait or 0.0
        left = self._started + self._options.retry_seconds - time.monotonic()
        if max(backoff, asked) > left:
            wait = f"the next one, after {max(backoff, asked):.4g} s,"
            self._give_up(failure, f"{wait} would be later than {self._options.retry_seconds:g} s")
        # above what is asked for, since the other workers were asked for the same
        seconds = min(left, max(backoff, asked * self._dice.uniform(1.0, 1.25)))
        self._on_retry(failure.reason, seconds)
        await asyncio.sleep(seconds)

    def _backoff(self) -> float:
        """Return a wait that doubles each time, with jitter so that many workers spread out."""
        steady = self._options.first_wait * 2.0 ** min(self._tries - 1, 30)
        return min(MAX_OWN_WAIT, steady) * self._dice.uniform(0.75, 1.25)

    def _give_up(self, failure: Retry, why: str) -> None:
        tries = "1 try" if self._tries == 1 else f"{self._tries} tries"
        raise ModelUnavailable(
            f"{self._where} gave no usable answer in {tries} ({why}); the last: {failure.reason}"
        )
