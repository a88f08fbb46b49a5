"""From an item's way through its fixtures to the record of its attempt."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from swelancer_plugin import __version__
from swelancer_plugin.attempt import Attempt
from swelancer_plugin.computers.interface import ComputerError, ComputerSpec, JudgeSpec
from swelancer_plugin.datasets.errors import DatasetError
from swelancer_plugin.files import atomic_write
from swelancer_plugin.grading.grade import Grade
from swelancer_plugin.models.interface import ModelError, Usage, WrongSetup
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.reporting.records import ATTRIBUTE
from swelancer_plugin.runs.store import RECORD, allocate_try, write_attempt
from swelancer_plugin.session.collect import TaskItem
from swelancer_plugin.session.run import Run, run_of
from swelancer_plugin.settings import DEFAULT_AGENT, Settings

if TYPE_CHECKING:
    from swelancer_plugin.models.metered import Metered

TRANSCRIPT = "transcript.jsonl"
REASON_LIMIT = 500
"""Characters of a reason; the whole story lies in the attempt's files."""
TEXT_LIMIT = 16_000
"""Characters of a traceback or of captured output that travel in a report."""


class Progress:
    """One try on its way: its directory, timings and files."""

    def __init__(self, item: TaskItem, run: Run) -> None:
        self.item = item
        self.run = run
        self.number, self.directory = allocate_try(
            run.home, item.task.dataset, item.task.id, item.attempt
        )
        self.started_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.seconds: dict[str, float] = {}
        self.files: dict[str, str] = {}
        self.computer = run.settings.computer
        self.sealed = False
        self.privileged = run.settings.privileged
        self.repository = ""
        self.agent = agent_word(run.settings)
        self.meter: Metered | None = None
        self.specs: tuple[ComputerSpec, JudgeSpec] | None = None
        """What the app's and the judge's computer of an ic_swe task are to be, once it is known."""
        self.written: Attempt | None = None

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure a phase, also one that fails; a phase within it has its time for itself."""
        start, before = time.perf_counter(), sum(self.seconds.values())
        try:
            yield
        finally:
            within = sum(self.seconds.values()) - before
            spent = time.perf_counter() - start - within
            self.seconds[name] = round(self.seconds.get(name, 0.0) + spent, 6)

    def save(self, name: str, content: bytes | str) -> Path:
        """Keep an artefact beside the record; text that is not UTF-8 is replaced."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        atomic_write(path, data)
        # In a folder of its own many files differ by their ending alone.
        self.files[name if "/" in name else name.rpartition(".")[0] or name] = name
        return path

    def retried(self, reason: str, wait: float) -> None:
        """Take note of a call of the model that has to be made again in `wait` seconds."""
        if self.meter is not None:
            self.meter.retry(reason, wait)

    def finish(self, grade: Grade) -> Attempt:
        """Write the record: the last thing a try does, and done once."""
        if self.written is None:
            try:
                self.written = self._attempt(grade)
            except (TypeError, ValueError) as error:  # a user's own model or agent counts oddly
                self.meter = None
                self.written = self._attempt(Grade(Outcome.VOID, 0, f"no record: {error}"))
            write_attempt(self.directory, self.written)
        return self.written

    def _attempt(self, grade: Grade) -> Attempt:
        task, settings, meter = self.item.task, self.run.settings, self.meter
        usage = Usage() if meter is None else meter.usage
        cost = Decimal(0) if meter is None else meter.cost
        if (self.directory / TRANSCRIPT).exists():
            self.files["transcript"] = TRANSCRIPT
        return Attempt(
            dataset=task.dataset,
            task_id=task.id,
            variant=task.variant,
            title=task.brief.title,
            price_cents=task.price_cents,
            attempt=self.item.attempt,
            try_number=self.number,
            nodeid=self.item.nodeid,
            model=str(settings.model),
            agent=clean(self.agent, REASON_LIMIT),
            outcome=grade.outcome,
            earned_cents=grade.earned_cents,
            reason=clean(str(grade.reason), REASON_LIMIT),
            started_at=self.started_at,
            seconds=self.seconds,
            computer=self.computer,
            sealed=self.sealed,
            privileged=self.privileged,
            repository=self.repository,
            seed=settings.seed,
            turns=0 if meter is None else meter.turns,
            retries=0 if meter is None else meter.retries,
            input_tokens=usage.input_tokens,
            cached_tokens=usage.cached_tokens,
            output_tokens=usage.output_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cost=amount(cost),
            worker=self.run.worker,
            tags=task.tags,
            split=task.split,
            details={
                clean(str(name), REASON_LIMIT): clean(str(fact), REASON_LIMIT)
                for name, fact in grade.details.items()
            },
            files=dict(self.files),
            version=__version__,
        )


def agent_word(settings: Settings) -> str:
    """Return what is to work, as far as the settings say."""
    return str(settings.model) if settings.baseline else settings.agent or DEFAULT_AGENT


def amount(cost: Decimal | None) -> str | None:
    """Return dollars as a record has them."""
    return None if cost is None else f"{round(cost, 12):f}"


PROGRESS = pytest.StashKey[Progress]()


def clean(text: str, limit: int) -> str:
    """Return text that any report can carry: no lone surrogates, no NUL, cut in the middle."""
    text = (
        text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")
    )
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"


@contextmanager
def recording(item: TaskItem) -> Iterator[None]:
    """Record a try from start to end, also one that the user interrupts."""
    progress = item.stash[PROGRESS] = Progress(item, run_of(item.config))
    try:
        yield
    except (KeyboardInterrupt, pytest.exit.Exception):
        progress.finish(Grade(Outcome.INTERRUPTED, 0, "running when the run was stopped"))
        raise


def annotate(item: TaskItem, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Write the record at the report that decides, and attach it to that and all later ones."""
    progress = item.stash[PROGRESS]
    grade = _grade_at(item, call, report)
    if grade is not None:
        _keep_logs(progress, report)
        # JUnit takes properties from the report of teardown, which has the item's.
        item.user_properties += properties(progress.finish(grade))
    if progress.written is not None:
        attach(report, progress.written)
    sanitise(report)


def _grade_at(
    item: TaskItem, call: pytest.CallInfo[None], report: pytest.TestReport
) -> Grade | None:
    """Return the grade that this report brings, or None for one that decides nothing."""
    if report.when == "call":
        settled: Grade = item.funcargs["settled"]  # type: ignore[assignment]  # funcargs are objects
        return settled
    if report.when != "setup" or not report.failed or call.excinfo is None:
        return None
    error = call.excinfo.value
    if isinstance(error, WrongSetup):
        report.longrepr = run_of(item.config).ended = str(error)
        return Grade(Outcome.INTERRUPTED, 0, str(error), {_ENDS_RUN: str(error)})
    item.stash[PROGRESS].save("error.txt", str(report.longrepr))
    if isinstance(
        error, ComputerError | DatasetError | ModelError
    ):  # says it all; our frames say nothing
        report.longrepr = str(error)
        return Grade(Outcome.VOID, 0, str(error))
    return Grade(Outcome.VOID, 0, f"{call.excinfo.typename}: {error}")


_ENDS_RUN = "ends run"


def ends_run(attempt: Attempt) -> str:
    """Return why an attempt is the last that this run starts, or nothing."""
    return attempt.details.get(_ENDS_RUN, "")


def attach(report: pytest.TestReport, attempt: Attempt) -> None:
    """Put a record on a report, for our reporters, as text that any transport carries."""
    setattr(report, ATTRIBUTE, attempt.to_json())


def properties(attempt: Attempt) -> list[tuple[str, object]]:
    """Return what JUnit shows of an attempt."""
    return [
        ("outcome", attempt.outcome.value),
        ("price_cents", attempt.price_cents),
        ("earned_cents", attempt.earned_cents),
        ("agent", attempt.agent),
        ("turns", attempt.turns),
        ("input_tokens", attempt.input_tokens),
        ("output_tokens", attempt.output_tokens),
        ("model_cost_usd", "unknown" if attempt.cost is None else attempt.cost),
        ("sealed", attempt.sealed),
        ("privileged", attempt.privileged),
        ("record", f"{attempt.directory}/{RECORD}"),
    ]


def _keep_logs(progress: Progress, report: pytest.TestReport) -> None:
    text = "\n".join(f"--- {name}\n{content}" for name, content in report.sections)
    if len(text) > TEXT_LIMIT:
        progress.save("log.txt", text)


def sanitise(report: pytest.TestReport) -> None:
    """Make a report safe to send and short enough to show: agents print any bytes."""
    report.sections = [(name, clean(content, TEXT_LIMIT)) for name, content in report.sections]
    if report.longrepr is not None:
        text = str(report.longrepr)
        cleaned = clean(text, TEXT_LIMIT)
        if cleaned != text:
            report.longrepr = cleaned
