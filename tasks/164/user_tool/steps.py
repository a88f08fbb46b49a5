"""Looks for expenses with accents, in a group and on the screen "Search"."""

from __future__ import annotations

from typing import Any

from evenly import Evenly
from playwright.sync_api import Page


def use(page: Page, step: Any) -> None:
    with step("Have a group with “Café Müller” as a phone sends it, and as a PC does"):
        group = Evenly(page).group("Ana", "Zo\u00eb")
        group.expense(description="Cafe\u0301 Mu\u0308ller", note="phone")
        group.expense(description="Caf\u00e9 M\u00fcller", note="PC")
        group.expense(description="Sao Paulo", paidBy=group.ids[1])
        group.open()
        page.get_by_role("link", name="Sao Paulo").wait_for()
    box = page.get_by_role("searchbox", name="Search expenses")
    for query in ("caf\u00e9", "cafe", "zoe", "S\u00e3o"):
        with (
            step(f"Search the group for “{query}”"),
            page.expect_response(lambda answer: "?q=" in answer.url),
        ):
            box.fill(query)
    with step("Open the screen “Search” and look for “cafe”"):
        page.get_by_role("link", name="Search", exact=True).click()
        page.get_by_label("Text").fill("cafe")
        page.get_by_role("button", name="Search", exact=True).click()
        page.get_by_text("found").wait_for()
