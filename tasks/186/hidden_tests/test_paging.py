"""Reading the list of expenses page by page while the group changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from evenly import Evenly, Group
from playwright.sync_api import Page, expect

Expenses = list[dict[str, Any]]


def days(count: int) -> list[str]:
    return [f"2024-01-{day:02},Day {day},5,Ana" for day in range(1, count + 1)]


def one_day(count: int) -> list[str]:
    return [f"2024-01-05,Row {number},5,Ana" for number in range(count)]


def imported(evenly: Evenly, rows: list[str]) -> Group:
    """Make a group that begins with an import."""
    group = evenly.group()
    text = "date,description,amount,paid by\n" + "\n".join(rows) + "\n"
    answer = group.send("POST", "/import", data=text, headers={"content-type": "text/csv"})
    assert answer.json()["imported"] == len(rows), answer.text
    return group


def pages(group: Group, limit: int, **query: object) -> Iterator[Expenses]:
    cursor: dict[str, str] = {}
    for _ in range(100):
        answer = group.get("/expenses", limit=limit, **query, **cursor)
        assert len(answer["expenses"]) <= limit
        yield answer["expenses"]
        if answer["next"] is None:
            return
        cursor = {"cursor": answer["next"]}
    raise AssertionError("the pages have no end")


def expect_each_once(
    group: Group, limit: int, between: Callable[[Expenses], object], **query: object
) -> None:
    """Read the list, with something that is done after each page."""
    before = {expense["id"] for expense in group.get("/expenses", **query)["expenses"]}
    seen: list[str] = []
    for page in pages(group, limit, **query):
        seen += [expense["id"] for expense in page]
        between(page)
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def remove(group: Group, *expenses: dict[str, Any]) -> None:
    for expense_id in {expense["id"] for expense in expenses}:
        assert group.send("DELETE", f"/expenses/{expense_id}").status_code == 204


def test_show_more_while_others_write(evenly: Evenly, page: Page) -> None:
    group = imported(evenly, one_day(120))
    before = {expense["id"] for expense in group.get("/expenses")["expenses"]}
    evenly.hold_still()
    group.open()
    rows = page.get_by_role("main").get_by_role("link").filter(has_text="paid by Ana")
    expect(rows).to_have_count(50)
    first = rows.first.get_attribute("href")
    group.expense(description="New", date="2024-02-01")
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(100)
    last = rows.last.get_attribute("href")
    assert first is not None
    assert last is not None
    gone = [{"id": address.rsplit("/", 1)[1]} for address in (first, last)]
    remove(group, *gone)
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    addresses = rows.evaluate_all("links => links.map((link) => link.href)")
    shown = [address.rsplit("/", 1)[1] for address in addresses]
    assert len(shown) == len(set(shown))
    assert before - {expense["id"] for expense in gone} <= set(shown)


def test_expenses_of_many_days(evenly: Evenly) -> None:
    group = imported(evenly, days(12))
    expect_each_once(group, 5, lambda _: group.expense(date="2024-02-01"))
    group = imported(evenly, days(12))
    expect_each_once(group, 5, lambda page: remove(group, *page[:1]))
    group = imported(evenly, days(12))
    expect_each_once(group, 4, lambda page: remove(group, *page[-1:]))


def test_the_last_of_a_page_may_move_to_another_day(evenly: Evenly) -> None:
    for rows in (days(9), one_day(9)):
        for date in ("2024-06-01", "2023-06-01"):
            group = imported(evenly, rows)
            rest = pages(group, 3)
            first = [expense["id"] for expense in next(rest)]
            moved = group.fields(description="Moved", date=date)
            answer = group.send("PUT", f"/expenses/{first[-1]}", body=moved)
            assert answer.status_code == 200, answer.text
            seen = first + [expense["id"] for page in rest for expense in page]
            stayed = [expense_id for expense_id in seen if expense_id != first[-1]]
            assert len(stayed) == len(set(stayed)) == 8, date


def test_expenses_of_one_day(evenly: Evenly) -> None:
    group = imported(evenly, one_day(41))
    for limit in (1, 7, 40, 41, 200):
        expect_each_once(group, limit, lambda _: None)

    def change(page: Expenses) -> None:
        remove(group, *page[:1], *page[-1:])
        group.expense(date="2024-01-06")

    expect_each_once(group, 7, change)

    evening = evenly.group()
    for number in range(8):
        evening.expense(description=f"Round {number}", date="2024-01-05")
    expect_each_once(evening, 3, lambda page: remove(evening, *page[-1:]))


def test_a_search_is_read_in_pages(evenly: Evenly) -> None:
    group = imported(evenly, [row for pair in zip(one_day(12), days(12)) for row in pair])
    assert group.get("/expenses", q="row")["total"] == 12

    def change(page: Expenses) -> None:
        remove(group, *page[-1:])
        group.expense(description="Row, new", date="2024-02-01")

    expect_each_once(group, 5, change, q="row")


def test_the_rest_is_as_before(evenly: Evenly) -> None:
    group = evenly.group()
    assert group.get("/expenses", limit=5) == {"expenses": [], "total": 0, "next": None}
    names = [f"Round {number}" for number in range(4)]
    payer, receiver = group.ids
    payment = {"from": payer, "to": receiver, "amount": 1, "currency": "EUR", "date": "2024-03-01"}
    for name in names:
        made = group.expense(description=name)
        while group.made("/payments", payment)["createdAt"] == made["createdAt"]:
            pass
    listed = [expense["description"] for expense in group.get("/expenses")["expenses"]]
    assert listed == names[::-1]

    group = imported(evenly, days(20) + one_day(6))
    dates = [expense["date"] for page in pages(group, 4) for expense in page]
    assert dates == sorted(dates, reverse=True)
    assert len(dates) == 26
    for query in ({"limit": 0}, {"limit": 201}, {"limit": "x"}, {"limit": -1}, {"cursor": "?"}):
        answer = group.send("GET", "/expenses", **query)
        assert answer.status_code == 422, query
        assert list(answer.json()["fields"]) == list(query)

    group = imported(evenly, days(10))
    assert [len(page) for page in pages(group, 5)] == [5, 5]
    assert [len(page) for page in pages(group, 4)] == [4, 4, 2]
    assert group.get("/expenses", limit=4)["total"] == 10

    group = imported(evenly, one_day(203))
    answer = group.get("/expenses")
    assert (len(answer["expenses"]), answer["total"]) == (200, 203)
    rest = group.get("/expenses", cursor=answer["next"])
    assert (len(rest["expenses"]), rest["next"]) == (3, None)
