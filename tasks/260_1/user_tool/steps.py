"""A group is downloaded as a backup, and a new one is made from the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import mkdtemp

from evenly import Evenly
from playwright.sync_api import Page


def use(page: Page, step: Callable[[str], AbstractContextManager[None]]) -> None:
    evenly = Evenly(page)
    group = evenly.group("Ana", "Bruno", "Chiara", name="Summer in Lisbon")
    ana, bruno, chiara = group.ids
    group.expense(description="Dinner #food", amount=3000)
    shares = {"mode": "shares", "shares": {ana: 2, bruno: 1}}
    group.expense(description="Boat", amount=4500, paidBy=bruno, split=shares)
    paid = {"from": chiara, "to": ana, "amount": 500, "currency": "EUR", "date": "2024-03-02"}
    group.made("/payments", paid)
    rule = {"every": "month", "start": "2024-03-31", "until": "2024-12-31"}
    group.made("/recurring", {**rule, "expense": group.fields(description="Rent #home")})
    file = Path(mkdtemp()) / "backup.json"

    with step("Open the overview of a group"):
        group.open("/overview")
        page.get_by_role("heading", name="Overview").wait_for()
    with step("Press Download backup"):
        with page.expect_download() as download:
            page.get_by_text("Download backup", exact=True).last.click()
        download.value.save_as(file)
    with step("On the start page, press Restore backup and choose the file"):
        page.goto("/")
        with page.expect_file_chooser() as chooser:
            page.get_by_text("Restore backup", exact=True).last.click()
        chooser.value.set_files(file)
        page.get_by_role("heading", name=group.name, level=1).wait_for()
        page.get_by_role("link", name="Boat").wait_for()
    with step("Look at the overview of the new group"):
        page.get_by_role("link", name="Overview").click()
        page.get_by_role("heading", name="Overview").wait_for()
        page.get_by_text("Rent #home").wait_for()
    with step("Import an export of the original into the new group"):
        text = group.send("GET", "/export.csv").text
        export = {"name": "export.csv", "mimeType": "text/csv", "buffer": text.encode()}
        page.get_by_role("link", name="Expenses").click()
        page.get_by_label("Import CSV").set_input_files(export)
        page.get_by_role("alert").filter(has_text="Imported").wait_for()
    with step("Restore a backup in which somebody unknown has paid"):
        backup = json.loads(file.read_text(encoding="utf-8"))
        backup["expenses"][1]["paidBy"] = "nobody"
        wrong = json.dumps(backup).encode()
        damaged = {"name": "damaged.json", "mimeType": "application/json", "buffer": wrong}
        page.goto("/")
        with page.expect_file_chooser() as chooser:
            page.get_by_text("Restore backup", exact=True).last.click()
        with page.expect_response("**/restore"):
            chooser.value.set_files(damaged)
    with step("Look at the groups that there are now"):
        page.get_by_role("link", name="Evenly, home").click()
        page.get_by_role("link", name=group.name).first.wait_for()
