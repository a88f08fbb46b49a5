"""Archived members: settled up, part of what was, and of nothing new."""

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

    def patch(self, member: int, **change: object) -> requests.Response:
        return self.send("PATCH", f"/members/{self.ids[member]}", json=change)

    def archive(self, member: int) -> None:
        answer = self.patch(member, archived=True)
        assert answer.status_code == 200, answer.text
        assert answer.json()["archived"] is True

    def archived(self) -> list[bool]:
        return [member["archived"] for member in self.get()["members"]]

    def put(self, expense: dict, **more: object) -> requests.Response:
        return self.send("PUT", f"/expenses/{expense['id']}", json={**expense, **more})

    def bring_in(self, text: str) -> dict:
        answer = self.send(
            "POST", "/import", data=text.encode(), headers={"content-type": "text/csv"}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rule(self, start: str = "2024-01-15", **more: object) -> dict:
        fields = {"every": "month", "start": start, "expense": self.fields(**more)}
        return self.made("/recurring", fields)

    def change(self, rule: dict, **more: object) -> requests.Response:
        names = ("every", "interval", "start", "until", "paused", "expense")
        fields = {name: rule[name] for name in names} | more
        return self.send("PUT", f"/recurring/{rule['id']}", json=fields)

    def run(self, up_to: str) -> tuple[int, list[dict]]:
        answer = self.send("POST", "/recurring/run", json={"upTo": up_to})
        assert answer.status_code == 200, answer.text
        blocked = [{**each, "members": sorted(each["members"])} for each in answer.json()["blocked"]]
        return answer.json()["created"], sorted(blocked, key=lambda each: each["id"])

    def alone(self, member: int, **more: object) -> dict:
        """An expense of one member, who is settled up after it as before."""
        only = [self.ids[member]]
        return self.fields(paidBy=only[0], split={"mode": "equal", "members": only}, **more)

    def settle(self, currency: str) -> None:
        for each in self.get("/balances")["currencies"]:
            for transfer in each["transfers"] if each["currency"] == currency else []:
                self.made("/payments", {**transfer, "currency": currency, "date": "2024-03-02"})


HEADER = "date,description,amount,paid by"


def test_debts_in_any_currency_keep_a_member(app_url: str) -> None:
    group = Group(app_url)
    group.made("/expenses", group.fields(currency="USD"))
    assert [group.patch(member, archived=True).status_code for member in (0, 1)] == [409, 409]
    assert group.archived() == [False, False]
    group.settle("USD")
    group.archive(1)
    assert group.archived() == [False, True]


def test_each_currency_counts_by_itself(app_url: str) -> None:
    group = Group(app_url)
    ana, bruno = group.ids
    group.made("/expenses", group.fields(currency="USD"))
    group.made("/expenses", group.fields(currency="EUR", paidBy=bruno))
    group.made("/expenses", group.fields(currency="GBP", paidBy=bruno))
    for currency in ("EUR", "USD"):
        assert group.patch(1, archived=True).status_code == 409
        group.settle(currency)
    assert group.patch(1, archived=True).status_code == 409
    assert group.archived() == [False, False]
    group.settle("GBP")
    group.archive(1)


def test_a_refused_change_changes_nothing(app_url: str) -> None:
    group = Group(app_url)
    group.made("/expenses", group.fields(currency="USD"))
    assert group.patch(1, archived=True, name="Bruno B.").status_code == 409
    assert [member["name"] for member in group.get()["members"]] == ["Ana", "Bruno"]


def test_archived_members_are_renamed_and_taken_back(app_url: str) -> None:
    group = Group(app_url)
    group.made("/expenses", group.alone(1))
    group.archive(1)
    assert group.patch(1, name="Bruno B.").json()["archived"] is True
    group.archive(1)
    assert group.patch(1, archived=False).json()["archived"] is False
    group.made("/expenses", group.fields())


def test_old_expenses_can_be_edited(app_url: str) -> None:
    group = Group(app_url, "Ana", "Bruno", "Chiara")
    ana, bruno, _ = group.ids
    paid = group.made("/expenses", group.alone(1))
    shared = group.made(
        "/expenses",
        group.fields(amount=900, split={"mode": "shares", "shares": {ana: 1, bruno: 2}}),
    )
    exact = group.made(
        "/expenses",
        group.fields(amount=900, split={"mode": "exact", "amounts": {ana: 300, bruno: 600}}),
    )
    group.settle("EUR")
    group.archive(1)
    for old in (paid, shared, exact):
        answer = group.put(old, note="found the receipt")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["note"], answer.json()["version"]) == ("found the receipt", 2)
        assert answer.json()["split"] == old["split"]


def test_who_has_paid_may_also_be_put_into_the_split(app_url: str) -> None:
    group = Group(app_url)
    ana, bruno = group.ids
    old = group.made("/expenses", group.fields(split={"mode": "equal", "members": [bruno]}))
    group.settle("EUR")
    group.archive(1)
    answer = group.put(old, paidBy=bruno)
    assert answer.status_code == 200, answer.text


def test_nobody_archived_is_added_to_an_old_expense(app_url: str) -> None:
    group = Group(app_url, "Ana", "Bruno", "Chiara")
    ana, bruno, chiara = group.ids
    old = group.made("/expenses", group.alone(1))
    other = group.made("/expenses", group.alone(0))
    group.archive(1)
    group.archive(2)
    for expense, change in (
        (old, {"paidBy": chiara}),
        (old, {"split": {"mode": "equal", "members": [bruno, chiara]}}),
        (old, {"split": {"mode": "shares", "shares": {chiara: 1}}}),
        (other, {"paidBy": bruno}),
        (other, {"split": {"mode": "equal", "members": [ana, bruno]}}),
        (other, {"split": {"mode": "exact", "amounts": {bruno: 1000}}}),
    ):
        answer = group.put(expense, **change)
        assert answer.status_code == 422, change
    assert group.get(f"/expenses/{old['id']}") == old
    assert group.get(f"/expenses/{other['id']}") == other


def test_who_was_taken_out_does_not_come_in_again(app_url: str) -> None:
    group = Group(app_url)
    ana, bruno = group.ids
    old = group.made("/expenses", group.alone(1))
    group.archive(1)
    only = {"mode": "equal", "members": [ana]}
    assert group.put(old, paidBy=ana, split=only).status_code == 200
    assert group.put(old, paidBy=bruno).status_code == 422


def test_nothing_new_names_someone_archived(app_url: str) -> None:
    group = Group(app_url)
    ana, bruno = group.ids
    group.archive(1)
    payment = {"amount": 1, "currency": "EUR", "date": "2024-03-02"}
    for path, fields in (
        ("/expenses", group.fields()),
        ("/expenses", group.alone(1)),
        ("/expenses", group.fields(paidBy=bruno, split={"mode": "equal", "members": [ana]})),
        ("/payments", {**payment, "from": ana, "to": bruno}),
        ("/payments", {**payment, "from": bruno, "to": ana}),
        ("/recurring", {"every": "month", "start": "2024-01-15", "expense": group.fields()}),
    ):
        assert group.send("POST", path, json=fields).status_code == 422, (path, fields)


def test_an_import_is_split_between_those_who_are_there(app_url: str) -> None:
    group = Group(app_url, "Ana", "Bruno", "Chiara")
    ana, _, chiara = group.ids
    group.archive(1)
    result = group.bring_in(f"{HEADER}\n2024-03-01,Taxi,9.00,Ana\n")
    assert result == {"imported": 1, "skipped": 0, "errors": []}
    [taxi] = group.get("/expenses")["expenses"]
    assert taxi["split"] == {"mode": "equal", "members": [ana, chiara]}
    [euros] = group.get("/balances")["currencies"]
    assert [euros["net"][each] for each in group.ids] == [450, 0, -450]


def test_rows_that_name_someone_archived_are_imported_as_they_stand(app_url: str) -> None:
    group = Group(app_url, "Ana", "Bruno", "Chiara")
    ana, bruno, chiara = group.ids
    group.archive(1)
    rows = (
        "2024-03-01,Taxi,9.00,Bruno,,,",
        "2024-03-02,Rent,9.00,Ana,3.00,6.00,",
    )
    result = group.bring_in("\n".join((f"{HEADER},Ana,Bruno,Chiara", *rows, "")))
    assert result == {"imported": 2, "skipped": 0, "errors": []}
    rent, taxi = group.get("/expenses")["expenses"]
    assert taxi["paidBy"] == bruno
    assert taxi["split"] == {"mode": "equal", "members": [ana, chiara]}
    assert rent["split"] == {"mode": "exact", "amounts": {ana: 300, bruno: 600}}


def test_an_export_stays_importable(app_url: str) -> None:
    original, copy = Group(app_url), Group(app_url)
    original.made("/expenses", original.fields())
    original.made("/expenses", original.alone(1))
    text = original.send("GET", "/export.csv").content.decode()
    copy.archive(1)
    assert copy.bring_in(text) == {"imported": 2, "skipped": 0, "errors": []}


def test_a_rule_with_someone_archived_waits(app_url: str) -> None:
    group = Group(app_url, "Ana", "Bruno", "Chiara")
    ana, bruno, chiara = group.ids
    rule = group.rule()
    waiting = {"id": rule["id"], "members": [bruno]}
    assert group.run("2024-01-31") == (1, [])
    group.settle("EUR")
    group.archive(1)
    assert group.run("2024-02-10") == (0, [])
    assert group.run("2024-03-31") == (0, [waiting])
    assert group.get("/expenses")["total"] == 1
    assert group.patch(1, archived=False).status_code == 200
    assert group.run("2024-03-31") == (2, [])
    dates = sorted(expense["date"] for expense in group.get("/expenses")["expenses"])
    assert dates == ["2024-01-15", "2024-02-15", "2024-03-15"]


def test_payers_count_too_and_all_are_named(app_url: str) -> None:
    group = Group(app_url, "Ana", "Bruno", "Chiara")
    ana, bruno, chiara = group.ids
    shares = {"mode": "shares", "shares": {ana: 1, chiara: 1}}
    rule = group.rule(paidBy=bruno, split=shares)
    group.archive(1)
    assert group.run("2024-01-31") == (0, [{"id": rule["id"], "members": [bruno]}])
    group.archive(2)
    both = {"id": rule["id"], "members": sorted([bruno, chiara])}
    assert group.run("2024-01-31") == (0, [both])


def test_other_rules_are_not_held_up(app_url: str) -> None:
    group = Group(app_url)
    ana, bruno = group.ids
    first = group.rule()
    group.rule(split={"mode": "equal", "members": [ana]})
    last = group.rule(paidBy=bruno)
    later = group.rule("2024-05-01")
    group.archive(1)
    created, blocked = group.run("2024-02-29")
    assert created == 2
    assert [each["id"] for each in blocked] == sorted([first["id"], last["id"]])
    assert later["id"] in {each["id"] for each in group.run("2024-05-01")[1]}


def test_a_paused_rule_is_not_blocked(app_url: str) -> None:
    group = Group(app_url)
    rule = group.rule()
    group.archive(1)
    assert group.change(rule, paused=True).status_code == 200
    assert group.run("2024-03-31") == (0, [])


def test_taking_someone_out_lets_a_rule_go_on(app_url: str) -> None:
    group = Group(app_url)
    ana, bruno = group.ids
    rule = group.rule()
    group.archive(1)
    assert group.run("2024-02-29")[0] == 0
    fields = {**rule["expense"], "split": {"mode": "equal", "members": [ana]}}
    assert group.change(rule, expense=fields).status_code == 200
    assert group.run("2024-02-29") == (2, [])
    assert group.change(rule, expense=rule["expense"]).status_code == 422


def test_a_waiting_rule_can_be_changed(app_url: str) -> None:
    group = Group(app_url, "Ana", "Bruno", "Chiara")
    ana, bruno, chiara = group.ids
    pair = {"mode": "equal", "members": [ana, bruno]}
    rule = group.rule(split=pair)
    group.archive(1)
    group.archive(2)
    dearer = {**rule["expense"], "amount": 1200}
    answer = group.change(rule, expense=dearer)
    assert answer.status_code == 200, answer.text
    assert answer.json()["expense"]["amount"] == 1200
    for expense in (
        {**dearer, "paidBy": chiara},
        {**dearer, "split": {"mode": "equal", "members": [ana, chiara]}},
    ):
        assert group.change(rule, expense=expense).status_code == 422
    assert group.run("2024-01-31") == (0, [{"id": rule["id"], "members": [bruno]}])
