"""Balances in yen, dinars and euros are looked at in one currency."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from evenly import Evenly
from playwright.sync_api import Page


def use(page: Page, step: Callable[[str], AbstractContextManager[None]]) -> None:
    evenly = Evenly(page)

    def look(currency: str) -> None:
        page.get_by_label("All in", exact=True).select_option(currency)
        page.get_by_role("list", name=f"All in {currency}").wait_for()

    with step("Ana pays ¥10,000 for herself and Bruno; open the balances, all in EUR"):
        group = evenly.group("Ana", "Bruno", name="Japan")
        group.expense(description="Ryokan", currency="JPY", amount=10000)
        group.open("/balances")
        look("EUR")
    with step("Seven people spend euros, yen and dinars; open the balances, all in EUR"):
        names = ("Ana", "Bruno", "Chiara", "Davide", "Elif", "Farid", "Greta")
        group = evenly.group(*names, name="All of us")
        group.expense(currency="EUR", amount=7000)
        group.expense(currency="JPY", amount=8996, paidBy=group.ids[1])
        group.expense(currency="KWD", amount=2500, paidBy=group.ids[2])
        group.open("/balances")
        look("EUR")
    with step("Choose CHF"):
        look("CHF")
    with step("Choose USD"):
        look("USD")
