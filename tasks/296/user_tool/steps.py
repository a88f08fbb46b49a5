"""A user of two groups looks for expenses by their amounts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from evenly import Evenly
from playwright.sync_api import Page


def use(page: Page, step: Callable[[str], AbstractContextManager[None]]) -> None:
    with step(
        "Make a group in EUR with expenses in JPY, EUR and KWD, and one in JPY with a lamp in EUR"
    ):
        evenly = Evenly(page)
        kyoto = evenly.group("Ana", "Bruno", currency="EUR", name="Kyoto and back")
        kyoto.expense(description="Ryokan", amount=1200, currency="JPY")
        kyoto.expense(description="Flight", amount=150000, currency="EUR")
        kyoto.expense(description="Souvenir", amount=1234, currency="KWD")
        osaka = evenly.group("Ana", "Zoë", currency="JPY", name="Flat in Osaka")
        osaka.expense(description="Lamp", amount=1250, currency="EUR")
        osaka.expense(description="Sweets", amount=12, currency="JPY")
    with step("In the group in EUR, search for amounts from 1000 to 2000 in any currency"):
        page.goto("/search")
        page.get_by_label("Group", exact=True).select_option("Kyoto and back")
        page.get_by_label("Amount from").fill("1000")
        page.get_by_label("Amount to").fill("2000")
        _search(page)
    with step("The same in JPY only"):
        page.get_by_label("Currency", exact=True).select_option("JPY")
        _search(page)
    with step("Any currency again, amounts to 2"):
        page.get_by_label("Currency", exact=True).select_option("")
        page.get_by_label("Amount from").fill("")
        page.get_by_label("Amount to").fill("2")
        _search(page)
    with step("In the group in JPY, amounts from 12.50"):
        page.get_by_label("Group", exact=True).select_option("Flat in Osaka")
        page.get_by_label("Amount from").fill("12.50")
        page.get_by_label("Amount to").fill("")
        _search(page)
    with step("Open a search by its address"):
        page.goto("/search?currency=JPY&min=1000")
        _answered(page)


def _search(page: Page) -> None:
    page.get_by_role("button", name="Search", exact=True).click()
    _answered(page)


def _answered(page: Page) -> None:
    page.get_by_role("status", name="Search results").get_by_text("found").wait_for()
