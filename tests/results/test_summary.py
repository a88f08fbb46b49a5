from __future__ import annotations

import json
import random
import time
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.outcome import Outcome
from swelancer_plugin.results.summary import Summary, summarise
from swelancer_plugin.results.tally import attempts_per_task, percent
from tests.results.samples import run, selected, tried

EARNED, UNEARNED, VOID, NOT_RUN = (
    Outcome.EARNED,
    Outcome.UNEARNED,
    Outcome.VOID,
    Outcome.NOT_RUN,
)


def test_an_empty_run_has_no_rate_and_divides_by_nothing() -> None:
    summary = summarise([], [])
    assert (summary.attempts, summary.total.earned.cents, summary.total.available.cents) == (
        1,
        0,
        0,
    )
    assert summary.total.rate is summary.worst_rate is summary.best_rate is None
    assert json.loads(json.dumps(summary.as_dict(), allow_nan=False))["total"]["rate"] is None


def test_the_rate_leaves_out_what_proves_nothing_and_the_sums_leave_out_nothing() -> None:
    summary = summarise(*run(EARNED, UNEARNED, VOID, NOT_RUN, Outcome.INTERRUPTED))
    assert summary.total.earned.cents == 1000_00
    assert summary.total.available.cents == 5000_00
    assert summary.total.counted.cents == 2000_00
    assert summary.total.rate == Fraction(1, 2)
    assert summary.total.solve_rate == Fraction(1, 2)


def test_void_money_is_told_apart_with_its_bounds() -> None:
    summary = summarise(*run(EARNED, UNEARNED, VOID, VOID))
    assert summary.void.cents == 2000_00
    assert summary.worst_rate == Fraction(1, 4)
    assert summary.best_rate == Fraction(3, 4)
    assert [each["task_id"] for each in summary.as_dict()["void"]["reasons"]] == ["3_1", "4_1"]  # type: ignore[index]


def test_the_last_try_decides_whatever_the_order() -> None:
    item = selected()
    tries = [
        tried(item, VOID, number=1),
        tried(item, EARNED, number=2),
        tried(item, VOID, number=3),
    ]
    for order in (tries, tries[::-1], [tries[1], tries[2], tries[0]]):
        assert summarise([item], order).count(VOID) == 1
    assert summarise([item], tries[:2]).total.earned.cents == 1000_00


def test_what_was_selected_twice_counts_once_and_what_was_not_selected_not_at_all() -> None:
    item, other = selected("1_1"), selected("2_1")
    summary = summarise([item, item], [tried(item), tried(other)])
    assert summary.total.earned.cents == summary.total.available.cents == 1000_00
    assert summary.total.items == 1


def test_a_limit_is_paid_as_graded() -> None:
    item = selected()
    summary = summarise([item], [tried(item, Outcome.LIMIT, earned_cents=1000_00)])
    assert (summary.total.earned.cents, summary.total.won) == (1000_00, 1)


def test_attempts_pay_their_mean_and_never_the_best() -> None:
    items = [selected(attempt=number, price=100) for number in (1, 2, 3)]
    summary = summarise(items, [tried(items[0]), tried(items[1], UNEARNED), tried(items[2])])
    assert (summary.attempts, summary.total.tasks, summary.total.items) == (3, 1, 3)
    total = summary.total
    assert (total.earned.sum_cents, total.available.sum_cents) == (200_00, 300_00)
    assert total.available.cents == 100_00
    assert total.earned.mean_cents == Fraction(200_00, 3)
    assert total.earned.cents == 66_66  # 66.666...: rounded down
    assert summary.total.rate == Fraction(2, 3)


def test_attempts_are_counted_and_not_their_numbers() -> None:
    second = selected("b", price=100, attempt=2)
    assert attempts_per_task([second, second]) == {("official", "b"): 1}
    summary = summarise([second], [tried(second)])
    assert (summary.attempts, summary.uneven) == (1, False)
    assert summary.total.earned.cents == summary.total.available.cents == 100_00
    assert summary.as_dict()["earned"] == "$100"


def uneven() -> Summary:
    """Return one task won in one of three attempts, one lost in both, one won in its only one."""
    items = [selected("a", 100, attempt=number) for number in (1, 2, 3)]
    items += [selected("b", 1000, attempt=number, variant="ic_swe") for number in (2, 3)]
    items.append(selected("c", 50, attempt=3))
    won = {("a", 2), ("c", 3)}
    ends = [EARNED if (item.task_id, item.attempt) in won else UNEARNED for item in items]
    attempts = [tried(item, end) for item, end in zip(items, ends, strict=True)]
    return summarise(items, attempts)


def test_an_uneven_selection_pays_each_task_the_mean_over_its_own_attempts() -> None:
    summary = uneven()
    assert (summary.fewest_attempts, summary.attempts, summary.uneven) == (1, 3, True)
    assert summary.total.earned.mean_cents == Fraction(100_00, 3) + 50_00
    assert summary.total.available.mean_cents == 1150_00
    assert summary.total.rate == (Fraction(100_00, 3) + 50_00) / 1150_00
    assert [str(group.available) for group in summary.variants] == ["$1,000", "$150"]
    assert [str(each.price) for each in summary.outcomes] == ["$83.33", "$1,066.66"]
    assert "tasks have 1 to 3 attempts: each pays the mean over its own" in summary.notes


def test_an_uneven_selection_in_json_divides_nothing_twice() -> None:
    document = json.loads(json.dumps(uneven().as_dict(), allow_nan=False))
    assert document["attempts"] is None
    assert (document["earned"], document["available"]) == ("$83.33", "$1,150")
    assert document["total"]["earned_cents"] == 150_00
    assert document["total"]["mean"] == {
        "earned_cents": 8333.333333,
        "available_cents": 1150_00,
        "counted_cents": 1150_00,
    }


def test_void_in_an_uneven_selection_weighs_as_its_task_does() -> None:
    items = [selected("a", attempt=1), selected("a", attempt=2), selected("b", attempt=1)]
    summary = summarise(items, [tried(items[0], VOID), tried(items[1]), tried(items[2])])
    assert summary.void.mean_cents == 500_00
    assert summary.total.rate == 1
    assert (summary.worst_rate, summary.best_rate) == (Fraction(3, 4), Fraction(1))


@given(st.dictionaries(st.integers(0, 5), st.sets(st.integers(1, 4), min_size=1), min_size=1))
def test_what_all_tasks_could_pay_is_the_sum_of_their_prices(picked: dict[int, set[int]]) -> None:
    items = [
        selected(f"{task}", 100 + task, attempt=number)
        for task, numbers in picked.items()
        for number in numbers
    ]
    summary = summarise(items, [tried(item) for item in items])
    prices = sum(10_000 + 100 * task for task in picked)
    assert summary.total.earned.mean_cents == summary.total.available.mean_cents == prices
    assert summary.uneven == (len({len(numbers) for numbers in picked.values()}) > 1)


def test_an_agent_that_is_not_its_model_is_said_once_per_pair() -> None:
    items = [selected(str(number)) for number in range(4)]
    agents = ["Mine", "Mine", "longest", "Other"]
    attempts = [tried(item, agent=name) for item, name in zip(items, agents, strict=True)]
    assert summarise(items, attempts).notes == (
        "agent: Mine (with --model longest)",
        "agent: Other (with --model longest)",
    )


def test_groups_by_variant_band_and_dataset() -> None:
    prices = [250, 251, 500, 1000, 2000, 4000, 8000, 8001, 32000]
    items = [selected(f"{price}", price) for price in prices]
    items.append(selected("ic", 50, variant="ic_swe", dataset="other"))
    summary = summarise(items, [tried(item) for item in items])
    assert [(group.name, group.items) for group in summary.bands] == [
        ("up to $250", 2),
        ("up to $500", 2),
        ("up to $1,000", 1),
        ("up to $2,000", 1),
        ("up to $4,000", 1),
        ("up to $8,000", 1),
        ("above $8,000", 2),
    ]
    assert [group.name for group in summary.variants] == ["ic_swe", "swe_manager"]
    assert [(group.name, group.earned.cents) for group in summary.datasets] == [
        ("official", sum(prices) * 100),
        ("other", 50_00),
    ]


def test_notes_say_what_a_reader_must_know() -> None:
    items = [selected("1"), selected("2"), selected("1", dataset="tasks")]
    attempts = [
        tried(items[0], privileged=True, sealed=False, repository="none"),
        tried(items[1], Outcome.INTERRUPTED),
    ]
    notes = summarise(items, attempts, collection_errors=2).notes
    assert [note.split(":")[0].split(",")[0] for note in notes] == [
        "1 task privileged",
        "1 task UNSEALED",
        "1 task without repository",
        "1 task id shared by several datasets",
        "1 task not run",
        "1 task interrupted",
        "2 collection errors so not every task was selected",
    ]
    clean = [selected("1")]
    assert summarise(clean, [tried(clean[0])]).notes == ()


def test_percent_is_rounded_down_so_that_no_threshold_looks_reached() -> None:
    assert percent(Fraction(46999, 100000)) == "46.9%"
    assert percent(Fraction(1)) == "100.0%"
    assert percent(Fraction(999999, 1000000)) == "99.9%"
    assert percent(None) == "-"


def test_seconds_are_summed_by_phase() -> None:
    items, attempts = run(EARNED, UNEARNED)
    assert dict(summarise(items, attempts).seconds) == {"provision": 1.0, "agent": 2.0}


@given(st.lists(st.tuples(st.sampled_from(list(Outcome)), st.integers(0, 10**7)), max_size=40))
def test_groups_and_outcomes_add_up_to_the_whole(ends: list[tuple[Outcome, int]]) -> None:
    items = [selected(f"{number}", price) for number, (_, price) in enumerate(ends)]
    attempts = [tried(item, end) for item, (end, _) in zip(items, ends, strict=True)]
    summary = summarise(items, attempts)
    for groups in (summary.variants, summary.bands, summary.datasets):
        assert sum(group.items for group in groups) == summary.total.items
        assert sum(group.earned.cents for group in groups) == summary.total.earned.cents
        assert sum(group.available.cents for group in groups) == summary.total.available.cents
        assert sum(group.counted.cents for group in groups) == summary.total.counted.cents
    assert sum(each.items for each in summary.outcomes) == len(items)
    assert sum(each.price.cents for each in summary.outcomes) == summary.total.available.cents
    if summary.worst_rate is not None and summary.best_rate is not None:
        assert 0 <= summary.worst_rate <= summary.best_rate <= 1
        assert (
            summary.total.rate is None
            or summary.worst_rate <= summary.total.rate <= summary.best_rate
        )


def test_463_tasks_take_milliseconds() -> None:
    choose = random.Random(0)
    items = [selected(f"{number}", choose.randrange(50, 32000)) for number in range(463)]
    attempts = [tried(item, choose.choice(list(Outcome))) for item in items]
    start = time.perf_counter()
    summarise(items, attempts).as_dict()
    assert time.perf_counter() - start < 0.2  # 3 ms where it was written; the machine may be busy
