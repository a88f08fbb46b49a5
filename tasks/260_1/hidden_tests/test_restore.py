"""Backups of an earlier schema, and backups that are refused as a whole."""

from __future__ import annotations

import copy
import json
import uuid

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

    @classmethod
    def existing(cls, app_url: str, group_id: str) -> Group:
        group = cls.__new__(cls)
        group.url = f"{app_url}/api/groups/{group_id}"
        group.ids = [member["id"] for member in group.get()["members"]]
        return group

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

    def backup(self) -> dict:
        return self.get("/backup.json")

    def run(self, up_to: str) -> int:
        answer = self.send("POST", "/recurring/run", json={"upTo": up_to})
        assert answer.status_code == 200, answer.text
        return answer.json()["created"]

    def expenses(self) -> list[dict]:
        return sorted(self.get("/expenses")["expenses"], key=lambda made: made["description"])

    def named(self, value: object) -> object:
        """The same, with members' ids replaced by their places."""
        text = json.dumps(value, sort_keys=True)
        for place, member_id in enumerate(self.ids):
            text = text.replace(member_id, f"member-{place}")
        return json.loads(text, object_pairs_hook=lambda pairs: sorted(pairs, key=str))


def send_backup(app_url: str, backup: object, **headers: str) -> requests.Response:
    url = f"{app_url}/api/groups/restore"
    return requests.post(url, json=backup, headers=headers, timeout=SECONDS)


def restored(app_url: str, backup: dict) -> Group:
    answer = send_backup(app_url, backup)
    assert answer.status_code == 201, answer.text
    return Group.existing(app_url, answer.json()["id"])


def full(app_url: str) -> Group:
    """A group with something of everything; Dora is archived."""
    group = Group(app_url, "Ana", "Bruno", "Zoë", "Dora", name=f"Trip {uuid.uuid4().hex}")
    ana, bruno, zoe, dora = group.ids
    group.send("PATCH", "", json={"wholeUnits": True})
    shares = {"mode": "shares", "shares": {ana: 2, bruno: 1}}
    group.made("/expenses", group.fields(description="A shares #food", amount=1001, split=shares))
    exact = {"mode": "exact", "amounts": {zoe: 400, ana: 600}}
    edited = group.made("/expenses", group.fields(description="B exact", note="x", split=exact))
    changed = group.fields(description="B exact", note="edited", paidBy=bruno, split=exact)
    assert group.send("PUT", f"/expenses/{edited['id']}", json=changed).status_code == 200
    uneven = {"mode": "equal", "members": [zoe, bruno, ana]}
    group.made("/expenses", group.fields(description="C dollars", currency="USD", split=uneven))
    alone = {"mode": "equal", "members": [dora]}
    group.made("/expenses", group.fields(description="D alone", paidBy=dora, split=alone))
    header = "evenly id,date,description,amount,paid by,Ana,Bruno"
    group.bring_in(f"{header}\nold-1,2024-02-02,E bank,9.00,Bruno,4.00,5.00\n")
    group.made("/payments", payment(bruno, ana, 500))
    group.made("/payments", payment(zoe, bruno, 300, currency="USD", date="2024-03-05"))
    expense = {**group.fields(description="F rent #home", split=shares), "paidBy": zoe}
    group.made("/recurring", {"every": "month", "start": "2024-01-31", "expense": expense})
    assert group.run("2024-02-29") == 2
    paused = {**group.fields(description="G paused", split=exact), "paidBy": bruno}
    rule = {"every": "week", "interval": 3, "start": "2024-01-01", "until": "2030-01-01"}
    group.made("/recurring", {**rule, "paused": True, "expense": paused})
    for tag, amount in (("food", 5000), ("home", 900)):
        budget = {"tag": tag, "currency": "EUR", "amount": amount}
        assert group.send("PUT", "/budgets", json=budget).status_code == 200
    assert group.send("PATCH", f"/members/{dora}", json={"archived": True}).status_code == 200
    return group


def payment(payer: str, receiver: str, amount: int, **more: str) -> dict:
    date = "2024-03-04"
    fields = {"from": payer, "to": receiver, "amount": amount, "currency": "EUR", "date": date}
    return {**fields, **more}


def old_backup(**more: object) -> dict:
    """What the script cuts out of a data file of schema version 1."""
    equal = {"amount": 500, "currency": "EUR", "date": "2020-01-02", "groupId": "g"}
    times = {"createdAt": "2020-01-02T10:00:00.000Z", "updatedAt": "2020-01-03T10:00:00.000Z"}
    people = [{"id": "a", "name": "Ana"}, {"id": "b", "name": "Bea"}, {"id": "c", "name": "Cem"}]
    group = {"id": "g", "name": "Old", "currency": "EUR", "createdAt": "2020-01-01T10:00:00.000Z"}
    expenses = [
        {"id": "1", "description": "Tea", "paidBy": "a", "splitBetween": ["a", "b"]},
        {"id": "2", "description": "Cake", "paidBy": "c", "splitBetween": ["c", "a"]},
    ]
    return {
        "format": "evenly-backup",
        "groups": [{**group, "members": people}],
        "expenses": [{**equal, **times, **expense} for expense in expenses],
        **more,
    }


def refused(app_url: str, backup: dict, place: str | None = None) -> None:
    """The backup is refused, and there are the groups that were there before."""
    before = requests.get(f"{app_url}/api/groups", timeout=SECONDS).json()["groups"]
    answer = send_backup(app_url, backup)
    assert answer.status_code == 422, (answer.status_code, answer.text)
    assert answer.json()["error"]
    if place is not None:
        assert list(answer.json()["fields"]) == [place]
    after = requests.get(f"{app_url}/api/groups", timeout=SECONDS).json()["groups"]
    assert after == before


def test_schema_version_1(app_url: str) -> None:
    for backup in (old_backup(), old_backup(schemaVersion=1), old_backup(payments=[])):
        group = restored(app_url, backup)
        ana, bea, cem = group.ids
        stored = group.get()
        assert stored["wholeUnits"] is False
        assert [member["archived"] for member in stored["members"]] == [False] * 3
        cake, tea = group.expenses()
        assert tea["split"] == {"mode": "equal", "members": [ana, bea]}
        assert cake["split"] == {"mode": "equal", "members": [cem, ana]}
        assert (cake["paidBy"], cake["version"]) == (cem, 1)
        assert tea["createdAt"] == "2020-01-02T10:00:00.000Z"
        assert tea["updatedAt"] == "2020-01-03T10:00:00.000Z"
        assert stored["createdAt"] == "2020-01-01T10:00:00.000Z"
        [euros] = group.get("/balances")["currencies"]
        assert [euros["net"][each] for each in group.ids] == [0, -250, 250]
        assert group.get("/recurring")["recurring"] == []
        assert group.get("/budgets")["budgets"] == []


def test_payments_of_schema_version_1(app_url: str) -> None:
    times = {"createdAt": "2020-02-02T10:00:00.000Z", "groupId": "g", "id": "p"}
    group = restored(app_url, old_backup(payments=[{**payment("b", "c", 250), **times}]))
    [euros] = group.get("/balances")["currencies"]
    assert set(euros["net"].values()) == {0}
    [paid] = group.get("/payments")["payments"]
    assert (paid["from"], paid["to"]) == (group.ids[1], group.ids[2])
    assert paid["createdAt"] == times["createdAt"]


def test_a_group_of_schema_version_1_is_a_group(app_url: str) -> None:
    group = restored(app_url, old_backup())
    group.made("/expenses", group.fields())
    [tea] = group.get("/expenses", q="tea")["expenses"]
    answer = group.send("PUT", f"/expenses/{tea['id']}", json={**tea, "note": "late"})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    third = restored(app_url, group.backup())
    assert third.get("/expenses")["total"] == 3


def test_old_backups_are_checked_too(app_url: str) -> None:
    backup = old_backup()
    backup["expenses"][1]["splitBetween"] = ["a", "nobody"]
    refused(app_url, backup, "expenses.1")
    backup["expenses"][1]["splitBetween"] = None
    refused(app_url, backup)
    refused(app_url, old_backup(groups={}))
    refused(app_url, old_backup(expenses=[None]))
    backup = old_backup()
    del backup["expenses"]
    refused(app_url, backup)


def test_versions_that_are_not_known(app_url: str) -> None:
    backup = full(app_url).backup()
    for version in (backup["schemaVersion"] + 1, 99, 0, -1, 1.5):
        refused(app_url, {**backup, "schemaVersion": version})


def test_what_is_no_backup(app_url: str) -> None:
    backup = full(app_url).backup()
    refused(app_url, {})
    refused(app_url, {**backup, "format": "other"})
    refused(app_url, {key: backup[key] for key in backup if key != "format"})
    refused(app_url, {**backup, "groups": []})
    refused(app_url, {**backup, "groups": backup["groups"] * 2})


def test_lists_that_are_missing_or_none(app_url: str) -> None:
    backup = full(app_url).backup()
    for kind in ("groups", "expenses", "payments", "recurring", "budgets"):
        refused(app_url, {key: backup[key] for key in backup if key != kind})
        for wrong in (None, {}, "x", 1, [None], ["x"], [1]):
            refused(app_url, {**backup, kind: wrong})


def test_members_need_ids_of_their_own(app_url: str) -> None:
    backup = full(app_url).backup()
    members = backup["groups"][0]["members"]
    without_id = {key: members[3][key] for key in members[3] if key != "id"}
    twin = {**members[3], "id": members[0]["id"]}
    for wrong in (without_id, twin, {**members[3], "id": None}, {**members[3], "id": 7}, None, "x"):
        group = {**backup["groups"][0], "members": [*members[:3], wrong]}
        refused(app_url, {**backup, "groups": [group]})


def test_groups_that_could_not_have_been_entered(app_url: str) -> None:
    backup = full(app_url).backup()
    [group] = backup["groups"]
    members = group["members"]
    same_name = [*members[:3], {**members[3], "name": members[0]["name"]}]
    changes = ({"currency": "XXX"}, {"name": ""}, {"name": 5}, {"members": same_name})
    for change in (*changes, {"members": None}, {"members": "Ana"}):
        refused(app_url, {**backup, "groups": [{**group, **change}]})


def test_expenses_that_could_not_have_been_entered(app_url: str) -> None:
    backup = full(app_url).backup()
    ana, bruno, *_ = (member["id"] for member in backup["groups"][0]["members"])
    for change in (
        {"paidBy": "nobody"},
        {"paidBy": None},
        {"split": {"mode": "equal", "members": [ana, "nobody"]}},
        {"split": {"mode": "equal", "members": []}},
        {"split": {"mode": "shares", "shares": {ana: 1, "nobody": 1}}},
        {"split": {"mode": "shares", "shares": {ana: -1}}},
        {"split": {"mode": "exact", "amounts": {ana: 1, bruno: 1}}},
        {"split": {"mode": "other"}},
        {"split": None},
        {"amount": 0},
        {"amount": 10.5},
        {"amount": "1000"},
        {"currency": "EURO"},
        {"date": "2024-02-30"},
        {"description": ""},
        {"note": 5},
    ):
        for place in (0, 6):
            wrong = copy.deepcopy(backup)
            wrong["expenses"][place].update(change)
            refused(app_url, wrong, f"expenses.{place}")


def test_payments_that_could_not_have_been_entered(app_url: str) -> None:
    backup = full(app_url).backup()
    ana = backup["groups"][0]["members"][0]["id"]
    for change in (
        {"from": "nobody"},
        {"to": "nobody"},
        {"from": ana, "to": ana},
        {"amount": -5},
        {"currency": "x"},
        {"date": "yesterday"},
    ):
        wrong = copy.deepcopy(backup)
        wrong["payments"][1].update(change)
        refused(app_url, wrong, "payments.1")


def test_rules_that_could_not_have_been_entered(app_url: str) -> None:
    backup = full(app_url).backup()
    expense = backup["recurring"][1]["expense"]
    for change in (
        {"every": "day"},
        {"interval": 0},
        {"start": "2024-02-30"},
        {"until": "2020-01-01"},
        {"paused": "no"},
        {"expense": None},
        {"expense": {**expense, "paidBy": "nobody"}},
        {"expense": {**expense, "split": {"mode": "equal", "members": ["nobody"]}}},
        {"expense": {**expense, "amount": 0}},
    ):
        wrong = copy.deepcopy(backup)
        wrong["recurring"][1].update(change)
        refused(app_url, wrong, "recurring.1")


def test_budgets_that_could_not_have_been_entered(app_url: str) -> None:
    backup = full(app_url).backup()
    for change in ({"tag": "two words"}, {"tag": ""}, {"currency": "x"}, {"amount": 0}):
        wrong = copy.deepcopy(backup)
        wrong["budgets"][1].update(change)
        refused(app_url, wrong, "budgets.1")


def test_archived_members_take_part_in_what_was(app_url: str) -> None:
    group = full(app_url)
    backup = group.backup()
    backup["groups"][0]["members"][1]["archived"] = True
    again = restored(app_url, backup)
    assert [member["archived"] for member in again.get()["members"]] == [False, True, False, True]
    assert again.get("/expenses")["total"] == 7
    assert len(again.get("/recurring")["recurring"]) == 2


def test_a_body_that_is_no_json_object(app_url: str) -> None:
    headers = {"content-type": "application/json"}
    url = f"{app_url}/api/groups/restore"
    for body in ("", "{", "[]", "null"):
        answer = requests.post(url, data=body, headers=headers, timeout=SECONDS)
        assert answer.status_code in {400, 422}, body


def test_large_groups_are_restored(app_url: str) -> None:
    group = Group(app_url)
    made = group.made("/expenses", group.fields(note="x" * 500))
    backup = group.backup()
    # The last test of all: what comes after it would have to wait for a large data file.
    size = len(json.dumps(backup))
    each = len(json.dumps(made)) + 2
    count = (8_000_000 - size) // each
    backup["expenses"] += [{**made, "id": f"{number:016x}"} for number in range(count)]
    assert 7_900_000 < len(json.dumps(backup)) <= 8_000_000
    copy = restored(app_url, backup)
    assert copy.get("/expenses", limit=1)["total"] == count + 1
