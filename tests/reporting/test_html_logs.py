from __future__ import annotations

import html
import re

import pytest

from swelancer_plugin.reporting import html_table
from tests.reporting.page import Tags, report
from tests.reporting.stand_in import attempt


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


def test_only_a_short_log_of_a_task_goes_without_the_button(pytester: pytest.Pytester) -> None:
    chatty = {"prints": "line\n" * html_table.SHORT_LINES}
    wide = {"prints": "x" * html_table.LINE_WIDTH * html_table.SHORT_LINES}
    attempts = [
        attempt("1_1", 50, "unearned"),
        attempt("2_1", 50, "unearned", details=chatty),
        attempt("3_1", 50, "unearned", details=wide),
    ]
    page = report(pytester, attempts, ordinary="\ndef test_bad(): assert 0\n")
    assert [html_table.SHORT in test["log"] for test in page.tests] == [True, False, False, False]
