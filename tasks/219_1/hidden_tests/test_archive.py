"""Archived members: settled up, part of what was, and of nothing new."""

from __future__ import annotations

import re
from typing import Any

from evenly import Answer, Evenly, Group
from playwright.sync_api import Locator, Page, expect

HEADER = "date,description,amount,paid by"
CSV = {"content-type": "text/csv"}


def patch(group: Group, member: int, **change: object) -> Answer:
    return group.send("PATCH", f"/members/{group.ids[member]}", body=change)


def archive(group: Group, *members: int) -> None:
    for member in members:
        answer = patch(group, member, archived=True)
        assert answer.status_code == 200, answer.text
        assert answer.json()["archived"] is True


def put(group: Group, expense: dict[str, Any], **more: object) -> Answer:
    return group.send("PUT", f"/expenses/{expense['id']}", body={**expense, **more})


def alone(group: Group, member: int, **more: object) -> dict[str, Any]:
    """An expense of one member, who is settled up after it as before."""
    return group.fields(paidBy=group.ids[member], split=equally(group.ids[member]), **more)


def equally(*ids: str) -> dict[str, Any]:
    return {"mode": "equal", "members": list(ids)}


def settle(group: Group, currency: str) -> None:
    for each in group.get("/balances")["currencies"]:
        for transfer in each["transfers"] if each["currency"] == currency else []:
            group.made("/payments", {**transfer, "currency": currency, "date": "2024-03-02"})


def rule(group: Group, start: str = "2024-01-15", **more: object) -> dict[str, Any]:
    """A monthly expense of three times, so that it does not matter what day it is."""
    fields = {"every": "month", "start": start, "until": "2024-03-31"}
    return group.made("/recurring", {**fields, "expense": group.fields(**more)})


def change(group: Group, changed: dict[str, Any], **more: object) -> Answer:
    names = ("every", "interval", "start", "until", "paused", "expense")
    fields = {name: changed[name] for name in names} | more
    return group.send("PUT", f"/recurring/{changed['id']}", body=fields)


def run(group: Group, up_to: str) -> tuple[int, dict[str, list[str]]]:
    """How many were made, and the members that each blocked rule waits for."""
    answer = group.send("POST", "/recurring/run", body={"upTo": up_to})
    assert answer.status_code == 200, answer.text
    blocked = answer.json()["blocked"]
    assert len({each["id"] for each in blocked}) == len(blocked)
    return answer.json()["created"], {each["id"]: sorted(each["members"]) for each in blocked}


def member_row(page: Page, name: str) -> Locator:
    """The row of a member on the overview."""
    button = page.get_by_role("button", name=re.compile("^(Archive|Take back)$"))
    return page.get_by_role("listitem").filter(has_text=name).filter(has=button)


def press(page: Page, name: str, button: str) -> int:
    """Archive a member or take them back; return what the server said to it."""
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as said:
        member_row(page, name).get_by_role("button", name=button).click()
    return said.value.status


def test_only_who_is_settled_up_in_every_currency_is_archived(evenly: Evenly, page: Page) -> None:
    group = evenly.group()
    bruno = group.ids[1]
    group.made("/expenses", group.fields(currency="USD"))
    group.made("/expenses", group.fields(currency="EUR", paidBy=bruno))
    group.made("/expenses", group.fields(currency="GBP", paidBy=bruno))
    group.open("/overview")
    for currency in ("EUR", "USD"):
        assert press(page, "Bruno", "Archive") == 409
        settle(group, currency)
    assert [patch(group, member, archived=True).status_code for member in (0, 1)] == [409, 409]
    assert patch(group, 1, archived=True, name="Bruno B.").status_code == 409
    group.open("/overview")
    expect(member_row(page, "Bruno").get_by_role("button")).to_have_text("Archive")
    names = [(member["name"], member["archived"]) for member in group.get()["members"]]
    assert names == [("Ana", False), ("Bruno", False)]

    settle(group, "GBP")
    assert press(page, "Bruno", "Archive") == 200
    expect(member_row(page, "Bruno")).to_contain_text("Bruno (archived)")
    assert patch(group, 1, name="Bruno B.").json()["archived"] is True
    archive(group, 1)
    group.open("/overview")
    assert press(page, "Bruno B.", "Take back") == 200
    expect(member_row(page, "Bruno B.").get_by_role("button")).to_have_text("Archive")
    group.expense()


def test_an_old_expense_is_edited_in_its_form(evenly: Evenly, page: Page) -> None:
    group = evenly.group("Ana", "Bruno", "Chiara")
    ana, bruno, chiara = group.ids
    paid = group.made("/expenses", alone(group, 1, description="Old dinner"))
    shared = {"mode": "shares", "shares": {ana: 1, bruno: 2}}
    exact = {"mode": "exact", "amounts": {ana: 300, bruno: 600}}
    olds = [group.expense(amount=900, split=split) for split in (shared, exact)]
    received = group.expense(split=equally(bruno))
    settle(group, "EUR")
    archive(group, 1)

    group.open()
    page.get_by_role("link", name="Old dinner").click()
    paid_by = page.get_by_label("Paid by")
    expect(paid_by.get_by_role("option", name="Bruno")).to_have_count(1)
    expect(paid_by).to_have_value(bruno)
    parts = page.get_by_role("group", name="Split between")
    expect(parts.get_by_role("checkbox", name="Bruno")).to_be_checked()
    page.get_by_label("Note").fill("found the receipt")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(group.name)
    edited = group.get(f"/expenses/{paid['id']}")
    assert (edited["note"], edited["version"]) == ("found the receipt", 2)
    assert (edited["paidBy"], edited["split"]) == (bruno, paid["split"])

    group.open(f"/expenses/{olds[0]['id']}")
    expect(page.get_by_label("Shares of Bruno")).to_have_value("2")
    for old in olds:
        answer = put(group, old, note="late")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["note"], answer.json()["split"]) == ("late", old["split"])
    assert put(group, received, paidBy=bruno).status_code == 200, "who is in it may have paid"
    assert put(group, received, paidBy=ana, split=equally(ana)).status_code == 200
    assert put(group, received, paidBy=bruno).status_code == 422, "taken out is out"


def test_nobody_archived_is_added_to_what_is_old_or_new(evenly: Evenly) -> None:
    group = evenly.group("Ana", "Bruno", "Chiara")
    ana, bruno, chiara = group.ids
    old = group.made("/expenses", alone(group, 1))
    other = group.made("/expenses", alone(group, 0))
    archive(group, 1, 2)
    for expense, wrong in (
        (old, {"paidBy": chiara}),
        (old, {"split": equally(bruno, chiara)}),
        (old, {"split": {"mode": "shares", "shares": {chiara: 1}}}),
        (other, {"paidBy": bruno}),
        (other, {"split": equally(ana, bruno)}),
        (other, {"split": {"mode": "exact", "amounts": {bruno: 1000}}}),
    ):
        assert put(group, expense, **wrong).status_code == 422, wrong
    assert group.get(f"/expenses/{old['id']}") == old
    assert group.get(f"/expenses/{other['id']}") == other

    payment = {"amount": 1, "currency": "EUR", "date": "2024-03-02"}
    for path, fields in (
        ("/expenses", group.fields()),
        ("/expenses", alone(group, 1)),
        ("/expenses", group.fields(paidBy=bruno, split=equally(ana))),
        ("/payments", {**payment, "from": ana, "to": bruno}),
        ("/payments", {**payment, "from": bruno, "to": ana}),
        ("/recurring", {"every": "month", "start": "2024-01-15", "expense": group.fields()}),
    ):
        assert group.send("POST", path, body=fields).status_code == 422, (path, fields)


def test_an_import_is_split_between_those_who_are_there(evenly: Evenly, page: Page) -> None:
    group, original = evenly.group("Ana", "Bruno", "Chiara"), evenly.group("Ana", "Bruno")
    ana, bruno, chiara = group.ids
    archive(group, 1)
    rows = (
        f"{HEADER},Ana,Bruno,Chiara",
        "2024-03-01,Bread,9.00,Ana,,,",
        "2024-03-02,Taxi,9.00,Bruno,,,",
        "2024-03-03,Rent,9.00,Ana,3.00,6.00,",
    )
    group.open()
    text = "\n".join((*rows, "")).encode()
    bank = {"name": "bank.csv", "mimeType": "text/csv", "buffer": text}
    page.get_by_label("Import CSV").set_input_files(bank)
    expect(page.get_by_role("alert").filter(has_text="Imported 3, skipped 0")).to_be_visible()
    rent, taxi, bread = group.get("/expenses")["expenses"]
    assert bread["split"] == taxi["split"] == equally(ana, chiara)
    assert taxi["paidBy"] == bruno
    assert rent["split"] == {"mode": "exact", "amounts": {ana: 300, bruno: 600}}
    [euros] = group.get("/balances")["currencies"]
    assert [euros["net"][each] for each in group.ids] == [600, 300, -900]

    original.expense()
    original.made("/expenses", alone(original, 1))
    text = original.send("GET", "/export.csv").text
    again = group.send("POST", "/import", data=text, headers=CSV)
    assert again.json() == {"imported": 2, "skipped": 0, "errors": []}


def test_a_rule_with_someone_archived_waits(evenly: Evenly, page: Page) -> None:
    group = evenly.group("Ana", "Bruno", "Chiara")
    rent = rule(group)
    assert run(group, "2024-01-31") == (1, {})
    settle(group, "EUR")
    archive(group, 1)
    assert run(group, "2024-02-10") == (0, {}), "nothing is due"
    assert run(group, "2024-03-31") == (0, {rent["id"]: [group.ids[1]]})
    group.open("/overview")
    said = page.get_by_role("status").filter(has_text="Added")
    page.get_by_role("button", name="Add what is due").click()
    expect(said).to_contain_text("Added 0")
    expect(said).to_contain_text("1 waiting")
    assert group.get("/expenses")["total"] == 1

    assert press(page, "Bruno", "Take back") == 200
    expect(member_row(page, "Bruno").get_by_role("button")).to_have_text("Archive")
    page.get_by_role("button", name="Add what is due").click()
    expect(said).to_contain_text("Added 2")
    expect(said).not_to_contain_text("waiting")
    dates = sorted(expense["date"] for expense in group.get("/expenses")["expenses"])
    assert dates == ["2024-01-15", "2024-02-15", "2024-03-15"]


def test_other_rules_are_not_held_up(evenly: Evenly) -> None:
    group = evenly.group("Ana", "Bruno", "Chiara")
    ana, bruno, chiara = group.ids
    first = rule(group, split=equally(ana, bruno))
    rule(group, split=equally(ana))
    payer = rule(group, paidBy=bruno, split={"mode": "shares", "shares": {ana: 1, chiara: 1}})
    later = rule(group, "2024-03-01", split=equally(bruno))
    paused = rule(group, split=equally(bruno))
    archive(group, 1)
    assert change(group, paused, paused=True).status_code == 200
    waiting = {first["id"]: [bruno], payer["id"]: [bruno]}
    assert run(group, "2024-02-29") == (2, waiting)
    archive(group, 2)
    waiting |= {payer["id"]: sorted([bruno, chiara]), later["id"]: [bruno]}
    assert run(group, "2024-03-02") == (0, waiting)


def test_a_waiting_rule_can_be_changed(evenly: Evenly) -> None:
    group = evenly.group("Ana", "Bruno", "Chiara")
    ana, bruno, chiara = group.ids
    rent = rule(group, split=equally(ana, bruno))
    archive(group, 1, 2)
    dearer = {**rent["expense"], "amount": 1200}
    answer = change(group, rent, expense=dearer)
    assert answer.status_code == 200, answer.text
    assert answer.json()["expense"]["amount"] == 1200
    for wrong in ({"paidBy": chiara}, {"split": equally(ana, chiara)}):
        assert change(group, rent, expense={**dearer, **wrong}).status_code == 422
    assert run(group, "2024-02-29") == (0, {rent["id"]: [bruno]})
    without = {**dearer, "split": equally(ana)}
    assert change(group, rent, expense=without).status_code == 200
    assert run(group, "2024-02-29") == (2, {})
    assert change(group, rent, expense=dearer).status_code == 422, "taken out is out"
