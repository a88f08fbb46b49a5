"""Keeps a copy of a group with "Export CSV" and "Import CSV"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evenly import Evenly, Group
from playwright.sync_api import Page


def exported(page: Page, group: Group) -> str:
    group.open()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    return Path(download.value.path()).read_bytes().decode()


def choose(page: Page, group: Group, text: str) -> None:
    group.open()
    file = {"name": "trip.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.get_by_label("Import CSV").set_input_files(files=[file])
    page.get_by_role("alert").get_by_text("Imported").wait_for()


def use(page: Page, step: Any) -> None:
    with step("Have a group with two expenses, and a group “Copy”"):
        evenly = Evenly(page)
        original, copy = evenly.group(), evenly.group(name="Copy")
        original.expense(description="Dinner")
        original.expense(description="Taxi")
    with step("Export the group, and import the file into “Copy”"):
        first = exported(page, original)
        choose(page, copy, first)
    with step("Add an expense, export the group again, and import that file into “Copy”"):
        original.expense(description="Museum")
        second = exported(page, original)
        choose(page, copy, second)
    with step("Import both files, put into one, into an empty group"):
        empty = evenly.group(name="Merged")
        choose(page, empty, first + second.split("\r\n", 1)[1])
