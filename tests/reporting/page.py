"""pytest-html's page, read as a browser's script reads it."""

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
from tests.reporting.stand_in import arrange


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
