"""Somebody who has used version 1 so far opens today's page."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager

from evenly import TOKEN, Evenly
from playwright.sync_api import Page

SETTINGS = {
    "theme": "night",
    "locale": "de-AT",
    "currency": "chf",
    "firstDay": 0,
    "dates": "digits",
    "saved": 1717236000,
}
STORE = "([name, text]) => localStorage.setItem(name, text)"


def use(page: Page, step: Callable[[str], AbstractContextManager[None]]) -> None:
    evenly = Evenly(page)
    group = evenly.group("Ana", "Bruno", name="Trip")
    expense = group.expense(description="Taxi")
    heading = page.get_by_role("heading", level=1)

    with step("Version 1 has left settings; open the settings"):
        page.evaluate(STORE, ["evenly-settings", json.dumps(SETTINGS)])
        page.goto("/settings")
        page.get_by_label("Theme").wait_for()
    with step("Choose the light theme and open the settings again"):
        page.get_by_label("Theme").select_option("light")
        page.reload()
        page.get_by_label("Theme").wait_for()
    with step("Version 1 has left an expense that waits; open its group"):
        fields = group.fields(description="Waits in version 1")
        queue = [{"id": f"{group.id}-1", "group": group.id, "expense": fields}]
        page.evaluate(STORE, ["evenly-queue", json.dumps(queue)])
        group.open()
        page.get_by_role("link", name="Taxi").wait_for()
    with step("Version 1 has left a token of Evenly Cloud; open the settings"):
        page.evaluate(STORE, ["evenly-token", TOKEN])
        page.goto("/settings")
        page.get_by_label("Theme").wait_for()
    old = f"/#/g/{group.id}"
    for address in (old, f"{old}/balance", f"{old}/e/{expense['id']}", "/#/find?q=taxi", "/#/me"):
        with step(f"Open the old link {address}"):
            page.goto("about:blank")
            page.goto(address)
            heading.wait_for()
    with step("Follow an old link while the page is open"):
        page.goto("/activity")
        heading.wait_for()
        page.evaluate("(address) => { location.hash = address }", f"/g/{group.id}/pay")
    with step("Press Back"):
        page.go_back()
        heading.wait_for()
