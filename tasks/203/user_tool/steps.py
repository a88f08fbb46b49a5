"""Has the rent of the 31st made month by month, deletes one, and adds what is due again."""

from __future__ import annotations

from typing import Any

from evenly import Evenly
from playwright.sync_api import Page


def use(page: Page, step: Any) -> None:
    with step("On 30 June 2024, open the overview of a new group"):
        group = Evenly(page).group()
        page.clock.set_fixed_time("2024-06-30T12:00:00Z")
        group.open("/overview")
    form = page.get_by_role("form", name="Recurring expenses")
    due = page.get_by_role("button", name="Add what is due")
    tabs = page.get_by_role("navigation", name="Group")
    with step("Add “Rent”, every month from 2024-01-31"):
        form.get_by_label("Description").fill("Rent")
        form.get_by_label("Amount").fill("900")
        form.get_by_label("From").fill("2024-01-31")
        form.get_by_role("button", name="Add recurring expense").click()
        form.get_by_role("listitem").first.wait_for()
    with step("Press “Add what is due”"):
        due.click()
        page.get_by_text("Added").wait_for()
    with step("Look at the expenses"):
        tabs.get_by_role("link", name="Expenses").click()
        rents = page.get_by_role("main").get_by_role("link").filter(has_text="Rent")
        rents.first.wait_for()
    with step("Delete the rent of March, press “Add what is due” again, and look at the expenses"):
        rents.filter(has_text="Mar ").click()
        page.get_by_role("button", name="Delete").click()
        rents.first.wait_for()
        tabs.get_by_role("link", name="Overview").click()
        due.click()
        page.get_by_text("Added").wait_for()
        tabs.get_by_role("link", name="Expenses").click()
        rents.first.wait_for()
    with step("Make the rule a weekly one, and press “Add what is due” once more"):
        [rule] = group.get("/recurring")["recurring"]
        names = ("interval", "start", "until", "paused", "expense")
        fields = {"every": "week"} | {name: rule[name] for name in names}
        group.send("PUT", f"/recurring/{rule['id']}", body=fields)
        tabs.get_by_role("link", name="Overview").click()
        due.click()
        page.get_by_text("Added").wait_for()
