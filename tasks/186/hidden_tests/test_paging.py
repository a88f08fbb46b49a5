"""Reading the list of expenses page by page while the group changes."""

from __future__ import annotations

from collections.abc import Iterator

import requests

SECONDS = 20


class Group:
    """A group of this test's own, and what the API can do with it."""

    def __init__(self, app_url: str, *names: str, currency: str = "EUR", name: str = "Trip") -> None:
        fields = {"name": name, "currency": currency, "members": list(names or ("Ana", "Bruno"))}
        answer = requests.post(f"{app_url}/api/groups", json=fields, timeout=SECONDS)
        assert answer.status_code == 201, answer.text
        self.url = f"{app_url}/api/groups/{answer.json()['id']}"
        self.ids = [member["id"] for member in answer.json()["members"]]

    def send(self, method: str, path: str, **more: object) -> requests.Response:
        return requests.request(method, self.url + path, timeout=SECONDS, **more)

    def get(self, path: str = "", **query: object) -> dict:
        answer = self.send("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def made(self, path: str, fields: dict) -> dict:
        answer = self.send("POST", path, json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def fields(self, **more: object) -> dict:
        """What makes an expense: ten euros, paid by the first member for all."""
        return {
            "description": "Dinner",
            "amount": 1000,
            "currency": "EUR",
            "paidBy": self.ids[0],
            "date": "2024-03-01",
            "split": {"mode": "equal", "members": self.ids},
            **more,
        }

    def payment(self) -> dict:
        payer, receiver = self.ids[:2]
        date = "2024-03-01"
        return {"from": payer, "to": receiver, "amount": 1, "currency": "EUR", "date": date}

    def bring_in(self, rows: list[str]) -> None:
        text = "date,description,amount,paid by\n" + "\n".join(rows) + "\n"
        answer = self.send("POST", "/import", data=text, headers={"content-type": "text/csv"})
        assert answer.json()["imported"] == len(rows), answer.text

    def pages(self, limit: int, **query: object) -> Iterator[list[dict]]:
        cursor: dict = {}
        for _ in range(100):
            answer = self.get("/expenses", limit=limit, **query, **cursor)
            assert len(answer["expenses"]) <= limit
            yield answer["expenses"]
            if answer["next"] is None:
                return
            cursor = {"cursor": answer["next"]}
        raise AssertionError("the pages have no end")

    def read(self, limit: int, **query: object) -> list[str]:
        return [made["id"] for page in self.pages(limit, **query) for made in page]

    def remove(self, *expenses: dict) -> None:
        for expense_id in {expense["id"] for expense in expenses}:
            assert self.send("DELETE", f"/expenses/{expense_id}").status_code == 204


def days(count: int) -> list[str]:
    return [f"2024-01-{day:02},Day {day},5,Ana" for day in range(1, count + 1)]


def one_day(count: int) -> list[str]:
    return [f"2024-01-05,Row {number},5,Ana" for number in range(count)]


def test_an_expense_that_is_added_repeats_nothing(app_url: str) -> None:
    group = Group(app_url)
    group.bring_in(days(12))
    before = {expense["id"] for expense in group.get("/expenses")["expenses"]}
    seen: list[str] = []
    for page in group.pages(5):
        seen += [expense["id"] for expense in page]
        group.made("/expenses", group.fields(date="2024-02-01"))
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_an_expense_that_is_deleted_hides_nothing(app_url: str) -> None:
    group = Group(app_url)
    group.bring_in(days(12))
    before = {expense["id"] for expense in group.get("/expenses")["expenses"]}
    seen: list[str] = []
    for page in group.pages(5):
        seen += [expense["id"] for expense in page]
        group.remove(*page[:1])
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_the_last_of_a_page_may_go(app_url: str) -> None:
    group = Group(app_url)
    group.bring_in(days(12))
    before = {expense["id"] for expense in group.get("/expenses")["expenses"]}
    seen: list[str] = []
    for page in group.pages(4):
        seen += [expense["id"] for expense in page]
        group.remove(*page[-1:])
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_the_last_of_a_page_may_move_to_another_day(app_url: str) -> None:
    group = Group(app_url)
    for date in ("2024-06-01", "2023-06-01"):
        group = Group(app_url)
        group.bring_in(days(9))
        pages = group.pages(3)
        first = [expense["id"] for expense in next(pages)]
        moved = group.fields(description="Moved", date=date)
        assert group.send("PUT", f"/expenses/{first[-1]}", json=moved).status_code == 200
        seen = first + [expense["id"] for page in pages for expense in page]
        stayed = [expense_id for expense_id in seen if expense_id != first[-1]]
        assert len(stayed) == len(set(stayed)) == 8, date


def test_expenses_of_one_import_and_one_day_are_all_delivered(app_url: str) -> None:
    group = Group(app_url)
    group.bring_in(one_day(41))
    for limit in (1, 7, 40, 41, 200):
        seen = group.read(limit)
        assert len(seen) == len(set(seen)) == 41, limit


def test_one_import_is_read_while_the_group_changes(app_url: str) -> None:
    group = Group(app_url)
    group.bring_in(one_day(30))
    before = {expense["id"] for expense in group.get("/expenses")["expenses"]}
    seen: list[str] = []
    for page in group.pages(7):
        seen += [expense["id"] for expense in page]
        group.remove(*page[:1], *page[-1:])
        group.made("/expenses", group.fields(date="2024-01-06"))
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_an_evening_entered_by_hand(app_url: str) -> None:
    group = Group(app_url)
    for number in range(8):
        group.made("/expenses", group.fields(description=f"Round {number}", date="2024-01-05"))
    before = {expense["id"] for expense in group.get("/expenses")["expenses"]}
    seen: list[str] = []
    for page in group.pages(3):
        seen += [expense["id"] for expense in page]
        group.remove(*page[-1:])
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_a_search_is_read_in_pages(app_url: str) -> None:
    group = Group(app_url)
    group.bring_in([row for pair in zip(one_day(12), days(12)) for row in pair])
    before = {expense["id"] for expense in group.get("/expenses", q="row")["expenses"]}
    assert len(before) == 12
    seen: list[str] = []
    for page in group.pages(5, q="row"):
        seen += [expense["id"] for expense in page]
        group.remove(*page[-1:])
        group.made("/expenses", group.fields(description="Row, new", date="2024-02-01"))
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_the_order_is_newest_first_across_pages(app_url: str) -> None:
    group = Group(app_url)
    group.bring_in(days(20) + one_day(6))
    dates = [expense["date"] for page in group.pages(4) for expense in page]
    assert dates == sorted(dates, reverse=True)
    assert len(dates) == 26


def test_what_is_entered_later_comes_first_on_its_day(app_url: str) -> None:
    group = Group(app_url)
    names = [f"Round {number}" for number in range(4)]
    for name in names:
        made = group.made("/expenses", group.fields(description=name))
        while group.made("/payments", group.payment())["createdAt"] == made["createdAt"]:
            pass
    listed = [expense["description"] for expense in group.get("/expenses")["expenses"]]
    assert listed == names[::-1]


def test_the_end_of_the_list(app_url: str) -> None:
    group = Group(app_url)
    assert group.get("/expenses", limit=5) == {"expenses": [], "total": 0, "next": None}
    group.bring_in(days(10))
    assert [len(page) for page in group.pages(5)] == [5, 5]
    assert [len(page) for page in group.pages(4)] == [4, 4, 2]
    assert group.get("/expenses", limit=4)["total"] == 10


def test_without_a_limit_there_are_200(app_url: str) -> None:
    group = Group(app_url)
    group.bring_in(one_day(203))
    answer = group.get("/expenses")
    assert (len(answer["expenses"]), answer["total"]) == (200, 203)
    rest = group.get("/expenses", cursor=answer["next"])
    assert (len(rest["expenses"]), rest["next"]) == (3, None)


def test_what_makes_no_sense_is_refused(app_url: str) -> None:
    group = Group(app_url)
    group.bring_in(days(3))
    for query in ({"limit": 0}, {"limit": 201}, {"limit": "x"}, {"limit": -1}, {"cursor": "?"}):
        answer = group.send("GET", "/expenses", params=query)
        assert answer.status_code == 422, query
        assert list(answer.json()["fields"]) == list(query)
