"""Somebody with debts in another currency is archived, and so is somebody with an old expense."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from evenly import Evenly, Group
from playwright.sync_api import Locator, Page


def member(page: Page, name: str, button: str) -> Locator:
    here = page.get_by_role("button", name=button, exact=True)
    return page.get_by_role("listitem").filter(has_text=name).filter(has=here)


def alone(group: Group, member_id: str, **more: object) -> dict[str, object]:
    split = {"mode": "equal", "members": [member_id]}
    return group.fields(paidBy=member_id, split=split, **more)


def use(page: Page, step: Callable[[str], AbstractContextManager[None]]) -> None:
    evenly = Evenly(page)
    with step("Bruno owes dollars; on the overview, press Archive at Bruno"):
        group = evenly.group(name="Dollars")
        group.expense(currency="USD", amount=8000)
        group.open("/overview")
        with page.expect_response(lambda answer: answer.request.method == "PATCH"):
            member(page, "Bruno", "Archive").get_by_role("button").click()
    with step("Bruno is archived; open the dinner of last year that he paid, add a note, save"):
        group = evenly.group("Ana", "Bruno", name="Flat")
        group.made("/expenses", alone(group, group.ids[1], description="Old dinner"))
        rule = {"every": "month", "start": "2024-01-15", "until": "2024-03-31"}
        group.made("/recurring", {**rule, "expense": group.fields(description="Rent")})
        group.open("/overview")
        member(page, "Bruno", "Archive").get_by_role("button").click()
        member(page, "Bruno (archived)", "Take back").wait_for()
        group.open()
        page.get_by_role("link", name="Old dinner").click()
        page.get_by_label("Note").fill("found the receipt")
    with step("Look at who can be chosen as payer and in the split, then press Save"):
        with page.expect_response(lambda answer: answer.request.method == "PUT"):
            page.get_by_role("button", name="Save").click()
    with step("Import a bank file whose rows fill in no member columns"):
        group.open()
        text = "date,description,amount,paid by\n2024-03-01,Bread,9.00,Ana\n"
        bank = {"name": "bank.csv", "mimeType": "text/csv", "buffer": text.encode()}
        page.get_by_label("Import CSV").set_input_files(bank)
        page.get_by_role("link", name="Bread").click()
    with step("See how the bread is split"):
        page.get_by_role("heading", name="Edit expense").wait_for()
        page.get_by_label("Amount", exact=True).wait_for()
    with step("The rent names Bruno; on the overview, press Add what is due"):
        group.open("/overview")
        page.get_by_role("button", name="Add what is due").click()
        page.get_by_role("status").filter(has_text="Added").wait_for()
