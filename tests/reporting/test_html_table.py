from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from swelancer_plugin.attempt import Attempt
from swelancer_plugin.reporting import html_table
from tests.reporting.stand_in import arrange, attempt

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp; {{7*7}}\n\u202e"


class Page:
    """A report, read as a browser's script reads it."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text(encoding="utf-8")
        blob = re.search(r'data-jsonblob="([^"]*)"', self.text)
        assert blob is not None
        self.data: dict[str, Any] = json.loads(html.unescape(blob[1]))
        self.tests: list[dict[str, Any]] = [*chain(*self.data["tests"].values())]
        heads = re.search(r'<thead id="results-table-head">(.*?)</thead>', self.text, re.DOTALL)
        assert heads is not None
        self.headers = re.findall(r"<th[^>]*>(.*?)</th>", heads[1])
        prefix = re.search(r'<section class="swl".*?</section>', self.text, re.DOTALL)
        self.totals = prefix[0] if prefix else ""

    def row(self, name: str) -> dict[str, Any]:
        (found,) = (test for test in self.tests if test["testId"].startswith(name))
        return found

    def sorted_by(self, column: str) -> list[str]:
        """Sort as the page's script does: by comparing the cells' HTML as strings."""
        rows = sorted(self.tests, key=lambda test: test[column])
        return [re.sub(r"<span hidden>.*?</span>", "", row[column]) for row in rows]


class Tags(HTMLParser):
    """The tags and attributes that a piece of HTML really has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def report(
    pytester: pytest.Pytester,
    attempts: list[Attempt],
    *options: str,
    ordinary: str = "",
    page: str = "reports/run 1/report.html",
) -> Page:
    arrange(pytester, attempts, ordinary)
    pytester.runpytest_subprocess(f"--html={page}", "-p", "no:cacheprovider", *options)
    return Page(pytester.path / page)


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
        "Outcome",
        "Variant",
        "Time (s)",
        "Links",
    ]
    assert len(page.tests) == 5
    assert {len(test["resultsTableRow"]) for test in page.tests} == {8}
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
    assert {len(test["resultsTableRow"]) for test in page.tests} == {8}
    assert len(page.tests) == 5
    odd = page.row("test_tasks.py::test_odd")
    assert (odd["price"], odd["earned"], odd["outcome"], odd["variant"]) == ("", "", "", "")
    assert "<script>" not in odd["testId"]
    assert page.row("test_broken.py::collect")["result"] == "Error"
    assert page.row("test_tasks.py::test_twice::teardown")["result"] == "Error"


def test_a_task_whose_teardown_fails_shows_its_money_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        falls="import pytest\n@pytest.fixture(autouse=True)\ndef falls():\n    yield\n    1 / 0\n"
    )
    page = report(pytester, [attempt("1_1", 50)], "-p", "falls")
    assert [test["price"].endswith("$50") for test in page.tests] == [True, False]
    assert page.tests[1]["testId"].startswith("test_tasks.py::test_1_1::teardown")


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


def test_long_logs_are_cut_in_the_page_and_linked(pytester: pytest.Pytester) -> None:
    noise = "<&>" * 100_000
    long = attempt(
        "1_1", 50, "unearned", details={"prints": noise}, files={"transcript": "t.jsonl"}
    )
    page = report(pytester, [long])
    (row,) = page.tests
    text = re.sub("<[^>]*>", "", row["log"])
    assert len(html.unescape(text)) < html_table.LOG_LIMIT + 200
    assert "because it is unearned" in text
    assert "characters left out here, all of it lies with transcript" in text
    assert "attempt-1/try-1/t.jsonl" in row["log"]
    assert set(Tags(row["log"]).tags) == {"a"}
    assert len(page.text) < 100_000


def test_teardown_output_is_cut_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        loud="""
import pytest
@pytest.fixture(autouse=True)
def loud():
    yield
    print('x' * 10**6)
"""
    )
    page = report(pytester, [attempt("1_1", 50)], "-p", "loud")
    assert len(page.text) < 100_000


def test_an_ordinary_log_is_left_whole(pytester: pytest.Pytester) -> None:
    ordinary = "\ndef test_loud():\n    print('x' * 20_000)\n"
    page = report(pytester, [attempt("1_1", 50)], ordinary=ordinary)
    assert "x" * 20_000 in page.row("test_tasks.py::test_loud")["log"]


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
    assert {len(test["resultsTableRow"]) for test in page.tests} == {9}
    assert all(test["resultsTableRow"][1] == "<td>mine</td>" for test in page.tests)


def test_a_self_contained_page_has_it_all(pytester: pytest.Pytester) -> None:
    page = report(pytester, some(), "--self-contained-html")
    assert "Earned $17,008" in page.totals
    assert len(page.tests) == 5
