"""Payments in any currency, whatever the group is kept in."""

from __future__ import annotations

import re

from evenly import Evenly, Group
from playwright.sync_api import Locator, Page, expect


def payments(group: Group) -> list[tuple[int, str, str]]:
    found = group.get("/payments")["payments"]
    return sorted((made["amount"], made["currency"], made["date"]) for made in found)


def fill_in(form: Locator, **values: str) -> None:
    for label, value in values.items():
        form.get_by_label(label, exact=True).fill(value)


def test_a_part_of_what_is_suggested(page: Page, evenly: Evenly) -> None:
    group = evenly.group()
    for currency, amount in (("JPY", 2500), ("KWD", 2500), ("EUR", 2500)):
        group.expense(amount=amount, currency=currency)
    evenly.hold_still()
    group.open("/settle")
    suggested = {
        currency: page.get_by_role("form", name=re.compile(f"^Bruno pays Ana {text}$"))
        for currency, text in (
            ("JPY", r"\D*1,250"),
            ("KWD", r"KWD\s1\.250"),
            ("EUR", r"€12\.50"),
        )
    }
    for currency, text in (("JPY", "1250"), ("KWD", "1.250"), ("EUR", "12.50")):
        amount = suggested[currency].get_by_label("Amount")
        expect(amount).to_have_value(text)

    yen = suggested["JPY"]
    fill_in(yen, Amount="12.5", Date="2024-04-01")
    yen.get_by_role("button", name="Record payment").click()
    expect(yen.get_by_text("JPY amounts have no decimals")).to_be_visible()
    expect(yen.get_by_label("Amount")).to_have_attribute("aria-invalid", "true")
    assert payments(group) == []

    fill_in(yen, Amount="500")
    yen.get_by_role("button", name="Record payment").click()
    rest = page.get_by_role("form", name=re.compile(r"^Bruno pays Ana \D*750$"))
    expect(rest.get_by_label("Amount")).to_have_value("750")

    dinars = suggested["KWD"]
    fill_in(dinars, Amount="0,5", Date="2024-04-02")
    dinars.get_by_role("button", name="Record payment").click()
    rest = page.get_by_role("form", name=re.compile(r"^Bruno pays Ana KWD\s0\.750$"))
    expect(rest.get_by_label("Amount")).to_have_value("0.750")

    euros = suggested["EUR"]
    fill_in(euros, Date="2024-04-03")
    euros.get_by_role("button", name="Record payment").click()
    expect(euros).to_have_count(0)
    assert payments(group) == [
        (500, "JPY", "2024-04-01"),
        (500, "KWD", "2024-04-02"),
        (1250, "EUR", "2024-04-03"),
    ]
    history = page.get_by_role("list", name="Payments")
    expect(history.get_by_role("listitem")).to_have_count(3)
    expect(history).to_contain_text(re.compile(r"Bruno paid Ana KWD\s0\.500"))


def test_euros_in_a_group_kept_in_yen(page: Page, evenly: Evenly) -> None:
    group = evenly.group(currency="JPY")
    group.expense(amount=1000, currency="EUR")
    group.expense(amount=1000, currency="JPY")
    evenly.hold_still()
    group.open("/settle")
    euros = page.get_by_role("form", name="Bruno pays Ana €5.00")
    expect(euros.get_by_label("Amount")).to_have_value("5.00")
    fill_in(euros, Amount="2,50", Date="2024-04-01")
    euros.get_by_role("button", name="Record payment").click()
    rest = page.get_by_role("form", name="Bruno pays Ana €2.50")
    expect(rest.get_by_label("Amount")).to_have_value("2.50")
    expect(
        page.get_by_role("form", name=re.compile(r"^Bruno pays Ana \D*500$")).get_by_label("Amount")
    ).to_have_value("500")
    assert payments(group) == [(250, "EUR", "2024-04-01")]


def test_other_payments(page: Page, evenly: Evenly) -> None:
    group = evenly.group()
    evenly.hold_still()
    group.open("/settle")
    form = page.get_by_role("form", name="Other payment")
    record = form.get_by_role("button", name="Record payment")
    items = page.get_by_role("list", name="Payments").get_by_role("button")

    form.get_by_label("Currency").select_option("JPY")
    fill_in(form, Amount="12.5", Date="2024-04-01")
    record.click()
    expect(form.get_by_text("JPY amounts have no decimals")).to_be_visible()
    assert payments(group) == []
    fill_in(form, Amount="1 250")
    record.click()
    expect(items).to_have_count(1)

    form.get_by_label("Currency").select_option("KWD")
    fill_in(form, Amount="0.500")
    record.click()
    expect(items).to_have_count(2)
    fill_in(form, Amount="0.5")
    record.click()
    expect(items).to_have_count(3)

    form.get_by_label("Currency").select_option("EUR")
    fill_in(form, Amount="0.500")
    record.click()
    expect(form.get_by_text("EUR amounts have at most 2 decimals")).to_be_visible()
    fill_in(form, Amount="0.5")
    record.click()
    expect(items).to_have_count(4)
    made = [(amount, currency) for amount, currency, _ in payments(group)]
    assert made == [(50, "EUR"), (500, "KWD"), (500, "KWD"), (1250, "JPY")]


def test_what_was_deleted_comes_back_as_it_was(page: Page, evenly: Evenly) -> None:
    group = evenly.group("Ana", "Bruno", "Chiara")
    payer, receiver, _ = group.ids
    for amount, currency in ((500, "JPY"), (1234, "KWD"), (5000, "EUR")):
        fields = {"amount": amount, "currency": currency, "date": "2024-03-01"}
        group.made("/payments", {"from": payer, "to": receiver, **fields})
    evenly.hold_still()
    group.open("/settle")
    shown = page.get_by_role("list", name="Payments")
    deleted = page.get_by_text("Payment deleted")
    before = payments(group)
    texts = sorted(shown.get_by_role("listitem").all_inner_texts())
    for name in (r"500$", r"1\.234$", r"€50\.00$"):
        button = shown.get_by_role("button", name=re.compile(rf"^Delete: Ana paid Bruno .*{name}"))
        button.click()
        expect(button).to_have_count(0)
        page.get_by_role("button", name="Undo").click()
        expect(button).to_be_visible()
        expect(deleted).to_have_count(0)
    assert payments(group) == before
    assert sorted(shown.get_by_role("listitem").all_inner_texts()) == texts
    again = [(made["from"], made["to"]) for made in group.get("/payments")["payments"]]
    assert again == [(payer, receiver)] * 3


def test_a_part_is_asked_for(page: Page, evenly: Evenly) -> None:
    group = evenly.group()
    group.expense(amount=2500, currency="JPY")
    group.expense(amount=5000, currency="TND")
    evenly.sign_in()
    evenly.hold_still()
    group.open("/settle")
    for name, typed, amount, currency in (
        (r"^Bruno pays Ana \D*1,250$", "500", 500, "JPY"),
        (r"^Bruno pays Ana TND\s2\.500$", "1.25", 1250, "TND"),
    ):
        form = page.get_by_role("form", name=re.compile(name))
        fill_in(form, Amount=typed)
        with page.expect_request("**/payment-requests") as asked:
            form.get_by_role("button", name="Request payment").click()
        expect(form.get_by_label("Payment link")).to_have_value(re.compile("^https://"))
        assert asked.value.post_data_json == {
            "amount": amount,
            "currency": currency,
            "from": "Bruno",
            "to": "Ana",
            "note": "Trip",
        }
    assert payments(group) == []
