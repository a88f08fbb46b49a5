"""Rules for recurring expenses: which dates they make, and that they make each once."""

from __future__ import annotations

from typing import Any

from evenly import Evenly, Group
from playwright.sync_api import Page, expect

YEAR_OF_31 = [
    *("2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"),
    *("2024-07-31", "2024-08-31", "2024-09-30", "2024-10-31", "2024-11-30", "2024-12-31"),
]


def new_rule(group: Group, start: str, every: str = "month", **more: object) -> dict[str, Any]:
    expense = group.fields(description="Rent")
    del expense["date"]
    return group.made("/recurring", {"every": every, "start": start, "expense": expense, **more})


def change(group: Group, rule: dict[str, Any], **more: object) -> None:
    names = ("every", "interval", "start", "until", "paused", "expense")
    fields = {name: rule[name] for name in names} | more
    answer = group.send("PUT", f"/recurring/{rule['id']}", body=fields)
    assert answer.status_code == 200, answer.text


def run(group: Group, up_to: str) -> int:
    answer = group.send("POST", "/recurring/run", body={"upTo": up_to})
    assert answer.status_code == 200, answer.text
    assert answer.json()["complete"] is True
    return answer.json()["created"]


def dates(group: Group) -> list[str]:
    return sorted(expense["date"] for expense in group.get("/expenses")["expenses"])


def coming(group: Group) -> list[str]:
    [rule] = group.get("/recurring")["recurring"]
    return rule["next"]


def remove(group: Group, date: str) -> None:
    [found] = [made for made in group.get("/expenses")["expenses"] if made["date"] == date]
    assert group.send("DELETE", f"/expenses/{found['id']}").status_code == 204


def add_what_is_due(page: Page, day: str, added: int) -> None:
    """Press the button on a day; it is one that adds another number than the time before."""
    page.clock.set_fixed_time(f"{day}T12:00:00Z")
    page.get_by_role("button", name="Add what is due").click()
    expect(page.get_by_text(f"Added {added}", exact=True)).to_be_visible()


def test_rent_and_cleaning_on_the_overview(evenly: Evenly, page: Page) -> None:
    group = evenly.group()
    page.clock.set_fixed_time("2024-02-01T12:00:00Z")
    group.open("/overview")
    form = page.get_by_role("form", name="Recurring expenses")
    form.get_by_label("Description").fill("Rent")
    form.get_by_label("Amount").fill("900")
    form.get_by_label("From").fill("2024-01-31")
    form.get_by_role("button", name="Add recurring expense").click()
    rule = form.get_by_role("listitem").filter(has_text="Rent")
    expect(rule).to_contain_text("every month from 2024-01-31, next 2024-01-31")
    add_what_is_due(page, "2024-03-30", 2)
    expect(rule).to_contain_text("next 2024-03-31")
    add_what_is_due(page, "2024-05-31", 3)
    expect(rule).to_contain_text("next 2024-06-30")
    assert dates(group) == YEAR_OF_31[:5]

    page.get_by_role("navigation", name="Group").get_by_role("link", name="Expenses").click()
    page.get_by_role("main").get_by_role("link").filter(has_text="Rent").nth(2).click()
    expect(page.get_by_label("Date")).to_have_value("2024-03-31")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("4 expenses", exact=True)).to_be_visible()
    page.get_by_role("navigation", name="Group").get_by_role("link", name="Overview").click()
    add_what_is_due(page, "2024-05-31", 0)
    rule.get_by_role("button", name="Pause").click()
    expect(rule).to_contain_text("paused")
    rule.get_by_role("button", name="Resume").click()
    expect(rule).to_contain_text("next 2024-06-30")
    add_what_is_due(page, "2024-07-30", 1)
    expect(rule).to_contain_text("next 2024-07-31")
    assert dates(group) == ["2024-01-31", "2024-02-29", "2024-04-30", "2024-05-31", "2024-06-30"]


def test_the_calendar(evenly: Evenly) -> None:
    group = evenly.group()
    assert new_rule(group, "2024-01-31")["next"] == ["2024-01-31", "2024-02-29", "2024-03-31"]
    for month in range(1, 13):
        assert run(group, f"2024-{month:02}-28") == (0 if month == 1 else 1)
    assert coming(group) == ["2024-12-31", "2025-01-31", "2025-02-28"]
    assert run(group, "2024-12-31") == 1
    assert dates(group) == YEAR_OF_31
    assert run(group, "2024-12-31") == 0

    at_once = evenly.group()
    new_rule(at_once, "2024-01-31")
    assert run(at_once, "2024-12-31") == 12
    assert dates(at_once) == YEAR_OF_31

    def made(start: str, up_to: str, every: str = "month", **more: object) -> list[str]:
        group = evenly.group()
        new_rule(group, start, every, **more)
        run(group, up_to)
        return dates(group)

    expected = ["2022-12-30", "2023-01-30", "2023-02-28", "2023-03-30", "2023-04-30"]
    assert made("2022-12-30", "2023-05-01") == expected
    expected = ["2023-12-31", "2024-02-29", "2024-04-30", "2024-06-30", "2024-08-31"]
    found = made("2023-12-31", "2024-12-31", interval=2)
    assert found == [*expected, "2024-10-31", "2024-12-31"]
    expected = ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
    assert made("2024-02-29", "2028-12-31", "year") == expected
    expected = ["2024-02-20", "2024-03-05", "2024-03-19"]
    assert made("2024-02-20", "2024-04-01", "week", interval=2) == expected

    ending = evenly.group()
    new_rule(ending, "2024-01-31", until="2024-04-30")
    assert run(ending, "2024-12-31") == 4
    assert dates(ending) == YEAR_OF_31[:4]
    assert coming(ending) == []


def test_what_was_deleted_or_moved_does_not_come_back(evenly: Evenly) -> None:
    group = evenly.group()
    new_rule(group, "2024-01-15")
    run(group, "2024-04-30")
    remove(group, "2024-02-15")
    assert run(group, "2024-04-30") == 0
    remove(group, "2024-04-15")
    assert run(group, "2024-04-30") == 0
    assert coming(group) == ["2024-05-15", "2024-06-15", "2024-07-15"]
    assert run(group, "2024-05-31") == 1
    assert dates(group) == ["2024-01-15", "2024-03-15", "2024-05-15"]

    emptied = evenly.group()
    new_rule(emptied, "2024-01-15")
    run(emptied, "2024-02-15")
    remove(emptied, "2024-01-15")
    remove(emptied, "2024-02-15")
    assert run(emptied, "2024-02-29") == 0
    assert run(emptied, "2024-03-15") == 1
    assert dates(emptied) == ["2024-03-15"]

    moving = evenly.group()
    new_rule(moving, "2024-01-15")
    run(moving, "2024-01-31")
    [made] = moving.get("/expenses")["expenses"]
    moved = moving.fields(description="Rent", date="2023-12-28")
    assert moving.send("PUT", f"/expenses/{made['id']}", body=moved).status_code == 200
    assert run(moving, "2024-02-14") == 0
    assert run(moving, "2024-02-15") == 1
    assert dates(moving) == ["2023-12-28", "2024-02-15"]


def test_a_changed_rule_goes_on_from_where_it_is(evenly: Evenly) -> None:
    group = evenly.group()
    rule = new_rule(group, "2024-01-01")
    run(group, "2024-05-31")
    change(group, rule, every="week", start="2024-01-01")
    assert run(group, "2024-05-05") == 0
    assert run(group, "2024-05-31") == 4
    expected = ["2024-05-01", "2024-05-06", "2024-05-13", "2024-05-20", "2024-05-27"]
    assert dates(group)[4:] == expected

    group = evenly.group()
    rule = new_rule(group, "2024-03-10")
    run(group, "2024-04-30")
    change(group, rule, start="2023-01-20")
    assert run(group, "2024-04-30") == 1
    assert run(group, "2024-05-31") == 1
    assert dates(group) == ["2024-03-10", "2024-04-10", "2024-04-20", "2024-05-20"]

    group = evenly.group()
    rule = new_rule(group, "2024-03-10")
    assert run(group, "2024-03-09") == 0
    change(group, rule, start="2024-01-10")
    assert run(group, "2024-03-09") == 2
    assert dates(group) == ["2024-01-10", "2024-02-10"]

    group = evenly.group()
    rule = new_rule(group, "2024-01-15")
    run(group, "2024-03-31")
    remove(group, "2024-02-15")
    assert coming(group) == ["2024-04-15", "2024-05-15", "2024-06-15"]
    change(group, rule, every="week")
    announced = coming(group)
    assert announced == ["2024-03-18", "2024-03-25", "2024-04-01"]
    run(group, announced[-1])
    assert dates(group) == ["2024-01-15", "2024-03-15", *announced]

    group = evenly.group()
    rule = new_rule(group, "2024-01-31")
    run(group, "2024-02-29")
    change(group, rule, expense={**rule["expense"], "amount": 2000})
    assert run(group, "2024-04-30") == 2
    made = {each["date"]: each["amount"] for each in group.get("/expenses")["expenses"]}
    assert made == dict(zip(YEAR_OF_31[:4], (1000, 1000, 2000, 2000), strict=True))


def test_pauses_and_several_rules(evenly: Evenly) -> None:
    group = evenly.group()
    rule = new_rule(group, "2024-01-15")
    run(group, "2024-01-31")
    change(group, rule, paused=True)
    assert run(group, "2024-03-31") == 0
    change(group, rule, paused=False)
    assert run(group, "2024-03-31") == 2
    assert dates(group) == ["2024-01-15", "2024-02-15", "2024-03-15"]

    group = evenly.group()
    new_rule(group, "2024-01-31")
    run(group, "2024-02-29")
    new_rule(group, "2024-01-10", expense=group.fields(description="Cleaning"))
    assert run(group, "2024-02-29") == 2
    assert dates(group) == ["2024-01-10", "2024-01-31", "2024-02-10", "2024-02-29"]
