"""A search by amount compares each expense in its own currency."""

from __future__ import annotations

import re
import uuid

from evenly import Evenly, Group
from playwright.sync_api import Locator, Page, expect


def paid(group: Group, what: str, amount: int, currency: str, day: int) -> None:
    date = f"2024-03-{day:02d}"
    group.expense(description=what, amount=amount, currency=currency, date=date)


def journeys(evenly: Evenly, word: str) -> None:
    """Two groups with expenses in other currencies than their own, the newest first.

    The word in all descriptions tells them from those of other tests.
    """
    kyoto = evenly.group("Ana", "Bruno", currency="EUR", name="Kyoto and back")
    paid(kyoto, f"Ryokan {word}", 1200, "JPY", 20)
    paid(kyoto, f"Flight {word}", 150000, "EUR", 19)
    paid(kyoto, f"Coffee {word}", 1200, "EUR", 18)
    paid(kyoto, f"Souvenir {word}", 1234, "KWD", 17)
    osaka = evenly.group("Ana", "Zoë", currency="JPY", name="Flat in Osaka")
    paid(osaka, f"Lamp {word}", 1250, "EUR", 16)
    paid(osaka, f"Sweets {word}", 12, "JPY", 15)
    paid(osaka, f"Tea {word}", 13, "JPY", 14)
    paid(osaka, f"Rent {word}", 150000, "JPY", 13)


def search(page: Page, low: str, high: str, currency: str = "") -> None:
    page.get_by_label("Amount from").fill(low)
    page.get_by_label("Amount to").fill(high)
    page.get_by_label("Currency", exact=True).select_option(currency)
    page.get_by_role("button", name="Search", exact=True).click()


def found(page: Page) -> Locator:
    return page.get_by_role("list", name="Found expenses").get_by_role("listitem")


def sees(page: Page, *names: str) -> None:
    """Expect exactly these expenses."""
    status = page.get_by_role("status", name="Search results")
    if not names:
        expect(status).to_have_text("Nothing was found.")
        expect(found(page)).to_have_count(0)
        return
    count = "1 expense" if len(names) == 1 else f"{len(names)} expenses"
    expect(status).to_have_text(f"{count} found")
    expect(found(page)).to_contain_text(list(names))


def test_expenses_are_found_in_their_own_currency(page: Page, evenly: Evenly) -> None:
    word = f"kestrel{uuid.uuid4().hex}"
    journeys(evenly, word)
    page.goto("/search")
    page.get_by_label("Text").fill(word.upper())
    search(page, "1000", "2000")
    sees(page, "Ryokan", "Flight")
    sums = page.get_by_role("list", name="Sums").get_by_role("listitem")
    expect(sums).to_have_text(["€1,500.00", "¥1,200"])
    expect(found(page).get_by_role("mark")).to_have_text([word] * 2)

    search(page, "1000", "2000", "JPY")
    sees(page, "Ryokan")
    asked = rf"/search\?q={word.upper()}&currency=JPY&min=1000&max=2000$"
    expect(page).to_have_url(re.compile(asked))
    found(page).get_by_role("link").click()
    expect(page.get_by_role("heading", name="Edit expense")).to_be_visible()
    page.go_back()
    sees(page, "Ryokan")
    expect(page.get_by_label("Amount from")).to_have_value("1000")

    search(page, "", "2")
    sees(page, "Souvenir")
    search(page, "10", "20")
    sees(page, "Coffee", "Lamp", "Sweets", "Tea")
    search(page, "12", "12.00")
    sees(page, "Coffee", "Sweets")
    search(page, "1 500", "")
    sees(page, "Flight", "Rent")


def test_numbers_with_more_decimals_than_a_currency_has(page: Page, evenly: Evenly) -> None:
    word = f"osprey{uuid.uuid4().hex}"
    journeys(evenly, word)
    group = evenly.group("Ana", "Bruno", currency="KWD", name="Kuwait")
    paid(group, f"Stamp {word}", 1235, "KWD", 12)
    group.open()
    only = f"/search?q={word}&group={group.id}"

    page.goto(f"/search?q={word}&currency=JPY&min=12.50&max=13,9")
    sees(page, "Tea")
    search(page, "11.5", "12.99", "JPY")
    sees(page, "Sweets")
    search(page, "12.500", "12,5000", "EUR")
    sees(page, "Lamp")
    search(page, "12.501", "1499.999", "EUR")
    sees(page)
    page.goto(f"{only}&min=1.2345")
    sees(page, "Stamp")
    search(page, "1,2351", "")
    sees(page)
    search(page, "cheap", "1.2359")
    sees(page, "Stamp")
