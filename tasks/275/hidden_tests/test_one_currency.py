"""The balances of a group, all in one currency."""

from __future__ import annotations

import re
from fractions import Fraction

from evenly import CLOUD, Evenly, Group
from playwright.sync_api import Page, expect

DECIMALS = {"CHF": 2, "EUR": 2, "JPY": 0, "KWD": 3, "USD": 2}
POSITION = re.compile(r"\S+ (?:(is settled up)|(is owed|owes) (.+))")


def amount_in(line: str, currency: str) -> int:
    """What somebody is owed by a line of a list, in smallest units; less than zero if they owe."""
    found = POSITION.fullmatch(line)
    assert found, line
    settled, sense, money = found.groups()
    if settled:
        return 0
    number = re.sub(r"[^\d.]", "", money)
    assert len(number.partition(".")[2]) == DECIMALS[currency], line
    return int(number.replace(".", "")) * (1 if sense == "is owed" else -1)


class Balances:
    """The balances screen of a group."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.page = group.page
        with self.page.expect_response(f"{CLOUD}/rates?base=EUR") as answer:
            group.open("/balances")
        self.rates = {"EUR": answer.value.json()["rates"]}

    def choose(self, currency: str) -> list[int]:
        """Choose a currency; return what each member is then said to be owed."""
        chosen = self.page.get_by_label("All in", exact=True)
        if currency not in self.rates:
            with self.page.expect_response(f"{CLOUD}/rates?base={currency}") as answer:
                chosen.select_option(currency)
            self.rates[currency] = answer.value.json()["rates"]
        chosen.select_option(currency)
        expect(self.page.get_by_role("status", name="Exchange rates")).to_contain_text("Rates of")
        lines = self.page.get_by_role("list", name=f"All in {currency}").get_by_role("listitem")
        expect(lines).to_have_count(len(self.group.ids))
        return [amount_in(line.strip(), currency) for line in lines.all_inner_texts()]

    def exactly(self, currency: str) -> list[Fraction]:
        """What each member is owed before anything is rounded."""
        rates = {**self.rates[currency], currency: "1"}
        sums = [Fraction(0)] * len(self.group.ids)
        for each in self.group.get("/balances")["currencies"]:
            digits = DECIMALS[currency] - DECIMALS[each["currency"]]
            rate = Fraction(10) ** digits / Fraction(rates[each["currency"]])
            for place, member_id in enumerate(self.group.ids):
                sums[place] += each["net"].get(member_id, 0) * rate
        return sums

    def are_right(self, currency: str) -> None:
        shown, exact = self.choose(currency), self.exactly(currency)
        told = (currency, shown, [round(float(amount), 3) for amount in exact])
        assert sum(shown) == 0, told
        assert all(abs(line - amount) < 1 for line, amount in zip(shown, exact, strict=True)), told


def test_yen_and_dinars_are_converted(evenly: Evenly, page: Page) -> None:
    group = evenly.group(name="Japan")
    group.expense(description="Ryokan", currency="JPY", amount=10000)
    balances = Balances(group)
    for currency in ("EUR", "JPY", "KWD", "USD"):
        balances.are_right(currency)
    assert balances.choose("JPY") == [5000, -5000]
    assert [abs(amount) // 100 for amount in balances.choose("EUR")] == [29, 29]

    dinars = evenly.group(name="Kuwait")
    dinars.expense(currency="KWD", amount=12500)
    dinars.expense(currency="EUR", amount=2000)
    balances = Balances(dinars)
    for currency in ("EUR", "JPY", "KWD"):
        balances.are_right(currency)
    expect(page.get_by_role("list", name="Balances in KWD")).to_contain_text("KWD 6.250")


def test_all_lines_add_up_to_zero(evenly: Evenly, page: Page) -> None:
    names = ("Ana", "Bruno", "Chiara", "Davide", "Elif", "Farid", "Greta", "Hugo")
    group = evenly.group(*names, name="All of us")
    _, bruno, chiara, *_ = group.ids
    seven = {"mode": "equal", "members": group.ids[:7]}
    group.expense(currency="EUR", amount=7000, split=seven)
    group.expense(currency="JPY", amount=8996, paidBy=bruno, split=seven)
    group.expense(currency="KWD", amount=2500, paidBy=chiara, split=seven)
    balances = Balances(group)
    for currency in ("EUR", "CHF", "JPY", "USD", "KWD", "EUR"):
        balances.are_right(currency)
        hugo = page.get_by_role("list", name=f"All in {currency}").get_by_role("listitem").last
        expect(hugo).to_have_text("Hugo is settled up")
    in_yen = page.get_by_role("list", name="Balances in JPY").get_by_role("listitem")
    expect(in_yen.nth(1)).to_have_text("Bruno is owed ¥7,711")
