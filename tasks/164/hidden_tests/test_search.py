"""Searching the expenses of a group, by what people type on their devices."""

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

    def found(self, query: str) -> list[str]:
        answer = self.get("/expenses", q=query)
        assert answer["total"] == len(answer["expenses"])
        return sorted(expense["description"] for expense in answer["expenses"])


COMPOSED = "Caf\u00e9 M\u00fcller"
DECOMPOSED = "Cafe\u0301 Mu\u0308ller"


def test_both_ways_to_write_an_accent_are_the_same(app_url: str) -> None:
    group = Group(app_url)
    for description in (COMPOSED, DECOMPOSED):
        group.made("/expenses", group.fields(description=description))
    for query in ("caf\u00e9", "cafe\u0301", "M\u00dcLLER", "mu\u0308ller caf\u00e9"):
        assert group.found(query) == sorted([COMPOSED, DECOMPOSED]), query


def test_accents_need_not_be_typed(app_url: str) -> None:
    group = Group(app_url)
    for description in (COMPOSED, DECOMPOSED, "Lunch"):
        group.made("/expenses", group.fields(description=description))
    for query in ("cafe", "muller", "MULLER cafe", "caf"):
        assert group.found(query) == sorted([COMPOSED, DECOMPOSED]), query


def test_accents_that_are_typed_do_no_harm(app_url: str) -> None:
    group = Group(app_url)
    group.made("/expenses", group.fields(description="Sao Paulo"))
    for query in ("S\u00e3o", "sa\u0303o", "pa\u00fclo"):
        assert group.found(query) == ["Sao Paulo"], query


def test_accents_do_not_matter_in_notes(app_url: str) -> None:
    group = Group(app_url)
    group.made("/expenses", group.fields(note="Cr\u00e8me br\u00fbl\u00e9e"))
    group.made("/expenses", group.fields(description="Tea", note="creme"))
    assert group.found("creme") == ["Dinner", "Tea"]
    assert group.found("cr\u00e8me") == ["Dinner", "Tea"]
    assert group.found("brulee") == ["Dinner"]


def test_accents_do_not_matter_in_the_name_of_who_paid(app_url: str) -> None:
    group = Group(app_url, "Zo\u00eb", "Jose\u0301")
    zoe, jose = group.ids
    group.made("/expenses", group.fields(description="One", paidBy=zoe))
    group.made("/expenses", group.fields(description="Two", paidBy=jose))
    assert group.found("zoe") == ["One"]
    assert group.found("ZO\u00cb") == ["One"]
    assert group.found("jose") == ["Two"]
    assert group.found("jos\u00e9") == ["Two"]


def test_the_rest_of_the_search_is_as_before(app_url: str) -> None:
    group = Group(app_url)
    group.made("/expenses", group.fields(description="Taxi Airport", note="late"))
    group.made("/expenses", group.fields(description="Taxi", date="2023-05-06", currency="USD"))
    assert group.found("") == ["Taxi", "Taxi Airport"]
    assert group.found("port TAXI") == ["Taxi Airport"]
    assert group.found("taxi late") == ["Taxi Airport"]
    assert group.found("usd") == ["Taxi"]
    assert group.found("2023-05") == ["Taxi"]
    assert group.found("taxi bus") == []
    assert group.found("tax1") == []


def test_what_is_stored_keeps_its_accents(app_url: str) -> None:
    group = Group(app_url)
    group.made("/expenses", group.fields(description=DECOMPOSED))
    assert group.get("/expenses")["expenses"][0]["description"] == DECOMPOSED


def test_tags_and_their_budgets_are_as_before(app_url: str) -> None:
    group = Group(app_url)
    budget = {"tag": "caf\u00e9", "currency": "EUR", "amount": 5000}
    answer = group.send("PUT", "/budgets", json=budget)
    assert answer.status_code == 200, answer.text
    assert answer.json()["tag"] == "caf\u00e9"
    for tag, amount in (("caf\u00e9", 100), ("CAF\u00c9", 20), ("cafe", 3)):
        group.made("/expenses", group.fields(note=f"#{tag}", amount=amount))
    month = group.get("/summary", month="2024-03")
    assert [each["spent"] for each in month["budgets"]] == [120]
    assert month["currencies"][0]["tags"] == {"caf\u00e9": 120, "cafe": 3}
    assert len(group.found("#cafe")) == 3
