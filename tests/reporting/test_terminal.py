from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.attempt import Attempt
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.reporting import progress, terminal
from swelancer_plugin.reporting.records import ATTRIBUTE, plain
from swelancer_plugin.reporting.selected import selection_lines
from swelancer_plugin.results.summary import summarise
from tests.reporting.stand_in import CRASHES, FALLS, arrange, attempt
from tests.results.samples import run, selected, tried


def three() -> list[Attempt]:
    return [
        attempt("1_1", 100_000),
        attempt("2_1", 50_000, "unearned", reason="proposal 3 is not the chosen one"),
        attempt("3_1", 250, "void", reason="engine \x1b[31mgone\x1b[0m\nsecond line"),
    ]


def test_the_closing_section(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    arrange(pytester, three())
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    text = result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of test_3_1*",
            "*short test summary info*",
            "VOID $250 test_tasks.py::test_3_1*",
            "=*= tasks not paid =*=",
            "UNEARNED $50,000 2_1 - proposal 3 is not the chosen one",
            "=*= SWE-Lancer payout =*=",
            "Earned $100,000 of $150,250: 2 tasks decided, 1 earned (66.6% of their $150,000)",
            "",
            "variant         earned   decided   rate  tasks",
            "swe_manager   $100,000  $150,000  66.6%    1/2",
            "",
            "price           earned   decided   rate  tasks",
            "up to $250          $0        $0      -    0/0",
            "above $8,000  $100,000  $150,000  66.6%    1/2",
            "",
            "outcomes: 1 earned ($100,000), 1 unearned ($50,000), 1 void ($250)",
            "void: 1 worth $250, in no rate; the rate is 66.5% at worst, 66.7% at best",
            "VOID $250 3_1 - engine [[]31mgone [[]0m second line",
            "report: reports/run/r.html",
            "Gate can't decide: 1 task ended void, 0 allowed (--max-infra-errors); they are",
            "  worth $250.",
            "=*= 1 error, 1 earned, 1 unearned in *=*",
        ],
        consecutive=False,
    )
    assert "FAILURES" not in text
    assert "\x1b" not in text
    closing = text[text.index("SWE-Lancer payout") :]
    assert max(map(len, closing.splitlines())) <= 80


def test_quiet_leaves_headline_report_and_gate(pytester: pytest.Pytester) -> None:
    arrange(pytester, three()[:2])
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    lines = result.outlines[
        result.outlines.index("Earned $100,000 of $150,000 (66.6%): 1 of 2 tasks") :
    ]
    assert lines[1] == "report: reports/run/r.html"
    assert lines[2].startswith("Gate missed: earned $100,000 of $150,000, $50,000 below")
    assert lines[3].startswith("1 earned, 1 unearned in")


@pytest.mark.parametrize("workers", ["0", "2"])
def test_verbose_words_carry_the_total(pytester: pytest.Pytester, workers: str) -> None:
    arrange(pytester, [*three(), attempt("4_1", 50, "no_submission")])
    result = pytester.runpytest_subprocess("-v", "-p", "no:cacheprovider", "-n", workers)
    text = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout.str())
    assert "EARNED $100,000 (total $100,000)" in text
    assert re.search(r"UNEARNED \$50,000 \(total \$(0|100,000)\)", text)
    assert re.search(r"NO SUBMISSION \$50 \(total \$(0|100,000)\)", text)
    assert "VOID $250" in text
    result.stdout.fnmatch_lines(["* 1 error*"])


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_progress_line_shows_the_dollars_so_far(
    pytester: pytest.Pytester, workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    arrange(pytester, [attempt(f"{number}_1", 1000) for number in range(100)])
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-n", workers)
    lines = [line for line in result.outlines if line.rstrip().endswith("%]")]
    assert lines[-1].endswith("$100,000 [100%]")
    assert len(lines) > 1
    assert all(re.search(r"\$\$+ +\$\d+,000 \[ *\d+%\]$", line) for line in lines[:-1])
    assert max(map(len, lines)) <= 60


def test_a_hundred_lost_tasks_print_no_hundred_blocks(pytester: pytest.Pytester) -> None:
    lost = [attempt(f"{number}_1", number + 1, "unearned") for number in range(100)]
    arrange(pytester, lost)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    listed = [line for line in result.outlines if line.startswith("UNEARNED")]
    assert len(listed) == terminal.UNEARNED_SHOWN
    assert listed[0].startswith("UNEARNED $100 ")
    assert "and 80 more (results.csv has all)" in result.outlines
    assert len(result.outlines) < 70
    silent = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rN")
    silent.stdout.no_fnmatch_line("UNEARNED*")


def test_ordinary_tests_are_shown_as_ever(pytester: pytest.Pytester) -> None:
    ordinary = "\ndef test_good(): pass\ndef test_bad(): assert 0, 'bad'\n"
    arrange(pytester, [attempt("1_1", 50)], ordinary)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(
        [
            "*FAILURES*",
            "FAILED test_tasks.py::test_bad - AssertionError: bad",
            "*1 failed*1 passed*",
        ]
    )


def test_without_a_terminal_reporter_nothing_breaks(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRED_CENTS", "0")
    arrange(pytester, [attempt("1_1", 50)])
    assert pytester.runpytest_subprocess("-p", "no:terminal", "-p", "no:cacheprovider").ret == 0


def test_the_headline_of_many_attempts_says_mean() -> None:
    items = [selected(price=100, attempt=number) for number in (1, 2)]
    summary = summarise(items, [tried(items[0]), tried(items[1], Outcome.UNEARNED)])
    assert terminal.headline(summary) == (
        "Earned $50 of $100 (50.0%), mean of 2 attempts: 1 of 2 at 1 task"
    )
    assert terminal.headline(summarise([], [])) == "Earned $0 of $0 (-): 0 of 0 tasks"


def test_a_dataset_table_stands_only_where_there_are_several() -> None:
    items, attempts = run(Outcome.EARNED)
    assert [title for title, _ in terminal.group_tables(summarise(items, attempts))] == [
        "variant",
        "price",
    ]
    more = [*items, selected("9", dataset="tasks")]
    assert terminal.group_tables(summarise(more, attempts))[-1][0] == "dataset"


class Report:
    """The part of a pytest report that a word depends on."""

    def __init__(self, record: Attempt | None, when: str = "call", outcome: str = "failed") -> None:
        self.when, self.outcome = when, outcome
        if record is not None:
            setattr(self, ATTRIBUTE, record.to_json())


@pytest.mark.parametrize(
    ("outcome", "category", "letter"),
    [
        ("earned", "earned", "$"),
        ("unearned", "unearned", "u"),
        ("no_submission", "unearned", "n"),
        ("limit", "unearned", "l"),
        ("cheated", "unearned", "c"),
        ("void", "error", "E"),
        ("interrupted", "interrupted", "i"),
    ],
)
def test_words_by_outcome(outcome: str, category: str, letter: str) -> None:
    shown = progress.word(Report(attempt("1", 50, outcome)), progress.RunningTotal())  # type: ignore[arg-type]
    assert shown is not None
    assert shown[:2] == (category, letter)


def test_each_task_has_one_word_and_other_reports_none() -> None:
    total, record = progress.RunningTotal(), attempt("1", 50)
    told = [
        progress.word(Report(record, when, outcome), total)  # type: ignore[arg-type]
        for when, outcome in (
            ("setup", "passed"),
            ("call", "passed"),
            ("teardown", "passed"),
            ("teardown", "failed"),
            ("setup", "skipped"),
            ("call", "skipped"),
            ("call", "rerun"),
        )
    ]
    assert [each is not None for each in told] == [False, True, *[False] * 5]
    assert progress.word(Report(None), total) is None  # type: ignore[arg-type]


def test_a_limit_that_was_paid_is_shown_as_earned() -> None:
    record = attempt("1", 50, "limit", earned_cents=50_00)
    shown = progress.word(Report(record, outcome="passed"), progress.RunningTotal())  # type: ignore[arg-type]
    assert shown is not None
    assert shown[0] == "earned"


def test_the_running_total_is_the_mean_and_counts_last_tries_once() -> None:
    total = progress.RunningTotal(attempts=2)
    item = selected(price=101)
    second = tried(item, number=2)
    for record in (tried(item, Outcome.VOID), second, second, tried(item, Outcome.VOID)):
        total.add(record)
    assert (total.cents, str(total)) == (50_50, "$50.50")


def test_the_running_total_takes_each_tasks_own_count_from_the_selection() -> None:
    total = progress.RunningTotal(attempts=2)
    items = [selected("a", 100, attempt=1), selected("a", 100, attempt=2)]
    items.append(selected("b", 50, attempt=2))
    total.add(tried(items[0]))
    total.add(tried(items[2]))
    assert total.cents == 75_00
    total.expect(items)
    assert total.cents == 100_00
    total.add(tried(items[1], Outcome.UNEARNED))
    total.add(tried(items[0], Outcome.VOID, number=2))
    assert total.cents == 50_00


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.booleans()), max_size=12))
def test_the_running_total_ends_as_the_summary(tries: list[tuple[str, int, bool]]) -> None:
    items = [selected(name, 100, attempt=number) for name, number, _ in tries]
    total, attempts = progress.RunningTotal(), []
    for place, (item, (_, _, won)) in enumerate(zip(items, tries, strict=True)):
        attempts.append(tried(item, Outcome.EARNED if won else Outcome.VOID, number=place + 1))
    for attempt_ in attempts[: len(attempts) // 2]:
        total.add(attempt_)
    total.expect(items)
    for attempt_ in attempts:
        total.add(attempt_)
    assert total.cents == summarise(items, attempts).total.earned.cents


@pytest.mark.parametrize("cause", [FALLS, CRASHES], ids=["falls", "crashes"])
def test_a_teardown_that_fails_is_one_error_and_no_gate_is_green(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    monkeypatch.setenv("REQUIRED_CENTS", "5000")
    pytester.makepyfile(cause=cause)
    arrange(pytester, [attempt("1_1", 50)])
    result = pytester.runpytest_subprocess("-v", "-p", "cause", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(
        [
            "*::test_1_1 EARNED $50 (total $50)*",
            "*::test_1_1 ERROR*",
            "Earned $50 of $50 (100.0%): 1 of 1 task",
            "Gate holds: earned $50 of $50, exactly the required $50.",
            "=*= 1 error, 1 earned in *=*",
        ]
    )
    assert result.ret == 1


def test_the_selection_says_uneven_attempts() -> None:
    items = [selected("a", attempt=1), selected("a", attempt=2), selected("b", attempt=2)]
    assert selection_lines(items) == ["selected 2 tasks, $2,000, 1 to 2 attempts each"]
    assert selection_lines(items[2:]) == ["selected 1 task, $1,000"]
    assert terminal.headline(summarise(items, [tried(item) for item in items])) == (
        "Earned $2,000 of $2,000 (100.0%), mean of 1 to 2 attempts: 3 of 3 at 2 tasks"
    )


def test_another_agent_is_said_below_the_headline(pytester: pytest.Pytester) -> None:
    arrange(pytester, [attempt("1_1", 50, agent="My\x1b[31mAgent", model="first")])
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    assert "agent: My [31mAgent (with --model first)" in result.outlines


def test_plain_text_steers_no_terminal() -> None:
    assert plain("a\x1b[31mb\n\u202ec\ud800\x00d\t e") == "a [31mb c d e"
    assert plain("abcdefgh", 6) == "abc..."
