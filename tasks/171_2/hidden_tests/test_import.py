"""Importing files that hold what the group has already."""

from __future__ import annotations

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

    def bring_in(self, text: str) -> dict:
        answer = self.send(
            "POST", "/import", data=text.encode(), headers={"content-type": "text/csv"}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def export(self) -> str:
        answer = self.send("GET", "/export.csv")
        assert answer.status_code == 200
        return answer.content.decode()

    def descriptions(self) -> list[str]:
        return sorted(expense["description"] for expense in self.get("/expenses")["expenses"])


HEADER = "evenly id,date,description,amount,paid by\r\n"


def filled(app_url: str, *descriptions: str) -> Group:
    group = Group(app_url)
    for description in descriptions:
        group.made("/expenses", group.fields(description=description))
    return group


def test_an_export_is_imported_once(app_url: str) -> None:
    original, copy = filled(app_url, "Dinner", "Taxi"), Group(app_url)
    text = original.export()
    assert copy.bring_in(text) == {"imported": 2, "skipped": 0, "errors": []}
    assert copy.bring_in(text) == {"imported": 0, "skipped": 2, "errors": []}
    assert copy.descriptions() == ["Dinner", "Taxi"]


def test_what_is_new_since_the_last_export_arrives(app_url: str) -> None:
    original, copy = filled(app_url, "Dinner"), Group(app_url)
    copy.bring_in(original.export())
    original.made("/expenses", original.fields(description="Museum"))
    assert copy.bring_in(original.export()) == {"imported": 1, "skipped": 1, "errors": []}
    assert copy.descriptions() == ["Dinner", "Museum"]


def test_an_export_adds_nothing_to_its_own_group(app_url: str) -> None:
    original = filled(app_url, "Dinner", "Taxi")
    assert original.bring_in(original.export()) == {"imported": 0, "skipped": 2, "errors": []}
    assert original.descriptions() == ["Dinner", "Taxi"]


def test_an_expense_that_is_twice_in_a_file_is_imported_once(app_url: str) -> None:
    original, copy = filled(app_url, "Dinner"), Group(app_url)
    first = original.export()
    original.made("/expenses", original.fields(description="Museum"))
    merged = first + original.export().split("\r\n", 1)[1]
    assert copy.bring_in(merged) == {"imported": 2, "skipped": 1, "errors": []}
    assert copy.descriptions() == ["Dinner", "Museum"]
    assert copy.bring_in(merged) == {"imported": 0, "skipped": 3, "errors": []}


def test_rows_without_an_id_are_never_the_same(app_url: str) -> None:
    group = Group(app_url)
    row = ",2024-03-01,Coffee,2.50,Ana\r\n"
    assert group.bring_in(HEADER + row + row) == {"imported": 2, "skipped": 0, "errors": []}
    assert group.bring_in(HEADER + row) == {"imported": 1, "skipped": 0, "errors": []}
    without = "date,description,amount,paid by\r\n2024-03-01,Coffee,2.50,Ana\r\n"
    assert group.bring_in(without) == {"imported": 1, "skipped": 0, "errors": []}
    assert group.descriptions() == ["Coffee"] * 4


def test_different_ids_are_different_expenses(app_url: str) -> None:
    group = Group(app_url)
    rows = "".join(f"id-{number},2024-03-01,Coffee,2.50,Ana\r\n" for number in range(3))
    assert group.bring_in(HEADER + rows) == {"imported": 3, "skipped": 0, "errors": []}


def test_what_was_deleted_comes_back_with_the_next_import(app_url: str) -> None:
    original, copy = filled(app_url, "Dinner", "Taxi"), Group(app_url)
    text = original.export()
    copy.bring_in(text)
    [taxi] = copy.get("/expenses", q="taxi")["expenses"]
    assert copy.send("DELETE", f"/expenses/{taxi['id']}").status_code == 204
    assert copy.bring_in(text) == {"imported": 1, "skipped": 1, "errors": []}
    assert copy.descriptions() == ["Dinner", "Taxi"]


def test_a_broken_row_does_not_keep_the_right_one_out(app_url: str) -> None:
    group = Group(app_url)
    broken = 'id-1,2024-03-01,Taxi,"12,x",Ana\r\n'
    right = "id-1,2024-03-01,Taxi,12.00,Ana\r\n"
    result = group.bring_in(HEADER + broken + right + right)
    assert (result["imported"], result["skipped"]) == (1, 1)
    assert [error["line"] for error in result["errors"]] == [2]
    assert group.get("/expenses")["expenses"][0]["amount"] == 1200


def test_another_group_is_another_matter(app_url: str) -> None:
    original, one, two = filled(app_url, "Dinner"), Group(app_url), Group(app_url)
    text = original.export()
    for copy in (one, two):
        assert copy.bring_in(text) == {"imported": 1, "skipped": 0, "errors": []}
