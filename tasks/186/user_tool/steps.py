"""Reads a long list with "Show more", and as a script does, while the group changes."""

from __future__ import annotations

from typing import Any

from evenly import Evenly, Group
from playwright.sync_api import Page


def descriptions(answer: dict[str, Any]) -> list[str]:
    return [expense["description"] for expense in answer["expenses"]]


def show(page: Page, lines: list[str]) -> None:
    """Have a page that says what the script has got."""
    page.evaluate(
        "lines => document.querySelector('main').replaceChildren(lines.join('; '))", lines
    )


def two_pages(group: Group, change: Any) -> list[str]:
    first = group.get("/expenses", limit=3)
    change(first["expenses"])
    second = group.get("/expenses", limit=3, cursor=first["next"])
    return [f"first page: {descriptions(first)}", f"second page: {descriptions(second)}"]


def numbered(evenly: Evenly, count: int) -> Group:
    group = evenly.group()
    rows = [f"2024-01-05,Number {number},5,Ana\n" for number in range(count)]
    text = "date,description,amount,paid by\n" + "".join(rows)
    group.send("POST", "/import", data=text, headers={"content-type": "text/csv"})
    return group


def use(page: Page, step: Any) -> None:
    with step("Import 52 expenses and open the group"):
        evenly = Evenly(page)
        long = numbered(evenly, 52)
        long.open()
        page.get_by_role("button", name="Show more").wait_for()
    with step(
        "Have somebody else add an expense, press “Show more”, and look at the end of the list"
    ):
        long.expense(description="Added meanwhile")
        page.get_by_role("button", name="Show more").click()
        page.get_by_role("button", name="Show more").wait_for(state="hidden")
        rows = page.get_by_role("main").get_by_role("link").filter(has_text="Number")
        show(page, rows.all_inner_texts()[-5:])
    with step("Read two pages of three by the API; in between, an expense is added"):
        group = numbered(evenly, 6)
        show(page, two_pages(group, lambda _: group.expense(description="Added meanwhile")))
    with step("The same; in between, the last of the first page is deleted"):
        other = numbered(evenly, 6)
        show(
            page, two_pages(other, lambda seen: other.send("DELETE", f"/expenses/{seen[-1]['id']}"))
        )
