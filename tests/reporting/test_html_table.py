from __future__ import annotations

import re

import pytest

from swelancer_plugin.attempt import Attempt
from tests.reporting.page import Page, Tags, report
from tests.reporting.stand_in import CRASHES, FALLS, attempt

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp; {{7*7}}\n\u202e"


def some() -> list[Attempt]:
    return [
        attempt("1_1", 16_000, seconds={"agent": 100.0}),
        attempt("2_1", 50, "unearned", seconds={"agent": 9.5}),
        attempt("3_1", 1000, seconds={"agent": 0.25}),
        attempt("4_1", 250, "void", seconds={}),
        attempt("5_1", 8, seconds={"agent": 20_000.0}),
    ]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_every_task_has_a_row_with_its_money(pytester: pytest.Pytester, workers: str) -> None:
    page = report(pytester, some(), "-n", workers)
    assert page.headers == [
        "Result",
        "Test",
        "Price",
        "Earned",
        "Cost",
        "Outcome",
        "Variant",
        "Time (s)",
        "Links",
    ]
    assert len(page.tests) == 5
    assert {len(test["resultsTableRow"]) for test in page.tests} == {9}
    results = {test["testId"].split("<")[0]: test["result"] for test in page.tests}
    assert results == {
        "test_tasks.py::test_1_1": "Passed",
        "test_tasks.py::test_2_1": "Failed",
        "test_tasks.py::test_3_1": "Passed",
        "test_tasks.py::test_4_1": "Error",
        "test_tasks.py::test_5_1": "Passed",
    }
    row = page.row("test_tasks.py::test_2_1")
    assert row["variant"] == "swe_manager"
    assert row["outcome"].startswith("unearned<br>")
    assert "because it is unearned" in row["outcome"]


def test_columns_sort_as_numbers(pytester: pytest.Pytester) -> None:
    page = report(pytester, some())
    assert page.sorted_by("price") == ["$8", "$50", "$250", "$1,000", "$16,000"]
    assert page.sorted_by("earned") == ["$0", "$0", "$8", "$1,000", "$16,000"]
    assert page.sorted_by("time") == ["0.0", "0.2", "9.5", "100.0", "20000.0"]


def test_what_a_model_cost_is_shown_and_sorts(pytester: pytest.Pytester) -> None:
    tries = [
        attempt("1_1", 50, turns=2, input_tokens=1200, output_tokens=7, cost="0.011"),
        attempt("2_1", 50, "unearned", turns=1, cost="12.5"),
        attempt("3_1", 50, turns=1, cost=None),
        attempt("4_1", 50, turns=0),
    ]
    page = report(pytester, tries)
    shown = [re.sub("<.*?>", "", cell) for cell in page.sorted_by("cost")]
    assert shown == ["", "$0.02", "$12.50", "unknown"]
    cell = page.row("test_tasks.py::test_1_1")["cost"]
    assert 'title="2 turns, 1,200 tokens in, 7 out"' in cell
    assert "model cost at least $12.52: no price for 1 try (--price-file)" in page.totals
    assert "4 turns, 1,200 tokens in, 7 out" in page.totals


def test_the_totals_stand_on_top(pytester: pytest.Pytester) -> None:
    page = report(pytester, some())
    headline = "Earned $17,008 of $17,308: 4 tasks decided, 3 earned (99.7% of their $17,058)"
    assert headline in page.totals
    assert "Gate can&#x27;t decide: 1 task ended void" in page.totals
    assert "void: 1 worth $250, in no rate" in page.totals
    assert '<th scope="row">above $8,000</th><td>$16,000</td><td>$16,000</td>' in page.totals
    assert page.text.count("SWE-Lancer: &lt;b&gt;nop&lt;/b&gt;") >= 1
    assert "<b>nop" not in page.text


def test_ordinary_tests_and_collection_errors_keep_the_cell_count(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(test_broken="raise RuntimeError('no import')")
    ordinary = """
@pytest.mark.parametrize("x", ["<script>alert(1)</script>"])
def test_odd(x): pass

@pytest.fixture
def falls():
    yield
    raise RuntimeError("in teardown")

def test_twice(falls): pass
"""
    page = report(
        pytester, [attempt("1_1", 50)], "--continue-on-collection-errors", ordinary=ordinary
    )
    assert {len(test["resultsTableRow"]) for test in page.tests} == {9}
    assert len(page.tests) == 5
    odd = page.row("test_tasks.py::test_odd")
    assert (odd["price"], odd["earned"], odd["outcome"], odd["variant"]) == ("", "", "", "")
    assert "<script>" not in odd["testId"]
    assert page.row("test_broken.py::collect")["result"] == "Error"
    assert page.row("test_tasks.py::test_twice::teardown")["result"] == "Error"


def test_a_task_whose_teardown_fails_shows_its_money_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(falls=FALLS)
    page = report(pytester, [attempt("1_1", 50)], "-p", "falls")
    assert_money_then_error(page)


def assert_money_then_error(page: Page) -> None:
    money, error = page.tests
    assert (money["result"], error["result"]) == ("Passed", "Error")
    assert money["price"].endswith("$50")
    assert money["earned"].endswith("$50")
    assert {error[name] for name in ("price", "earned", "outcome", "variant")} == {""}
    assert error["testId"].startswith("test_tasks.py::test_1_1::teardown")


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_worker_that_dies_after_its_record_leaves_the_money_and_an_error(
    pytester: pytest.Pytester, workers: str
) -> None:
    pytester.makepyfile(crashes=CRASHES)
    page = report(pytester, [attempt("1_1", 50)], "-p", "crashes", "-n", workers)
    assert_money_then_error(page)
    assert "crashed while running it" in page.tests[1]["log"]


def test_rows_that_are_written_again_show_no_money_again(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        again="""
import copy
import pytest

@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report):
    if report.when == "teardown" and report.passed:
        error = copy.copy(report)
        vars(error).pop("swelancer", None)
        error.outcome, error.longrepr = "failed", "worker 'gw0' crashed"
        PLUGIN_MANAGER.hook.pytest_runtest_logreport(report=error)

def pytest_configure(config):
    global PLUGIN_MANAGER
    PLUGIN_MANAGER = config.pluginmanager
"""
    )
    page = report(pytester, [attempt("1_1", 50)], "-p", "again")
    assert [test["price"].endswith("$50") for test in page.tests].count(True) == 1


def test_another_agent_is_said_on_the_page_and_its_name_is_inert(
    pytester: pytest.Pytester,
) -> None:
    page = report(pytester, [attempt("1_1", 50, agent="<b>Mine", model="first")])
    note = '<p class="swl-note">agent: &lt;b&gt;Mine (with --model first)</p>'
    assert page.totals.count(note) == 1


def test_hostile_texts_are_inert(pytester: pytest.Pytester) -> None:
    hostile = attempt(
        "1_1",
        50,
        "unearned",
        title=HOSTILE,
        reason=HOSTILE,
        details={"prints": HOSTILE},
        files={
            HOSTILE: "a\"b<c>#?%:d'.txt",
            "js": "javascript:alert(1)",
            "up": "../../x",
            "abs": "/etc",
        },
    )
    page = report(pytester, [hostile])
    (row,) = page.tests
    tags = Tags("".join(row["resultsTableRow"]) + row["log"])
    assert set(tags.tags) == {"td", "span", "br", "small", "a"}
    assert {name for name, _ in tags.attributes} == {"class", "hidden", "target", "rel", "href"}
    links = [value for name, value in tags.attributes if name == "href"]
    base = "tasks/official/1_1/attempt-1/try-1"
    assert links == [
        f"{base}/a%22b%3Cc%3E%23%3F%25%3Ad%27.txt",
        f"{base}/javascript%3Aalert%281%29",
        f"{base}/",
    ]
    assert all("\n" not in cell for cell in row["resultsTableRow"])
    assert "&lt;script&gt;" in row["log"]
    assert "script" not in Tags(page.totals).tags


def test_links_are_relative_to_the_page(pytester: pytest.Pytester) -> None:
    found = attempt("1_1", 50, files={"log": "log.txt"})
    page = report(pytester, [found], page="elsewhere/deep/report.html")
    (row,) = page.tests
    assert (
        'href="../../reports/run%201/tasks/official/1_1/attempt-1/try-1/log.txt"'
        in row["resultsTableRow"][-1]
    )


def test_an_initial_sort_by_duration_still_works(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ninitial_sort = duration\n")
    assert report(pytester, [attempt("1_1", 50)]).data["initialSort"] == "time"


def test_a_users_own_column_goes_well_with_ours(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        mine="""
def pytest_html_results_table_header(cells):
    cells.insert(1, "<th>Mine</th>")
def pytest_html_results_table_row(report, cells):
    cells.insert(1, "<td>mine</td>")
"""
    )
    page = report(pytester, some(), "-p", "mine")
    assert page.headers[:4] == ["Result", "Mine", "Test", "Price"]
    assert {len(test["resultsTableRow"]) for test in page.tests} == {10}
    assert all(test["resultsTableRow"][1] == "<td>mine</td>" for test in page.tests)


def test_a_self_contained_page_has_it_all(pytester: pytest.Pytester) -> None:
    page = report(pytester, some(), "--self-contained-html")
    assert "Earned $17,008" in page.totals
    assert len(page.tests) == 5
