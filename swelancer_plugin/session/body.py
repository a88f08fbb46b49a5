"""The module that pytest believes a task to live in: the test function, and how it fails."""

from __future__ import annotations

from swelancer_plugin.grading.grade import Grade
from swelancer_plugin.outcome import POLICIES


class TaskUnearned(Exception):
    """The agent did not earn the money. A failure, where anything of the machinery is an error."""


def earn(settled: Grade) -> None:
    """Pass if the attempt was paid; raise TaskUnearned if not."""
    __tracebackhide__ = True
    if not settled.earned_cents:
        policy = POLICIES[settled.outcome]
        raise TaskUnearned(f"{settled.outcome.value}: {settled.reason}\n({policy.meaning})")
