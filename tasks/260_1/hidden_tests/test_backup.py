"""What a backup holds, and what a group that is restored from it is worth."""

from __future__ import annotations

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


def alike(copies: list[dict], records: list[dict]) -> tuple[list[dict], list[dict]]:
    """Both without their ids, and the copies without what only copies have."""
    assert len(copies) == len(records)
    names = [record.keys() - {"id", "groupId"} for record in records]
    kept = [{name: copy.get(name) for name in of} for copy, of in zip(copies, names)]
    return kept, [{name: record[name] for name in of} for record, of in zip(records, names)]


def ids_in(backup: dict) -> set[str]:
    groups = backup["groups"]
    members = [member for group in groups for member in group["members"]]
    records = [backup[kind] for kind in ("expenses", "payments", "recurring", "budgets")]
    return {record["id"] for each in (groups, members, *records) for record in each}


def test_a_backup_is_a_download_of_one_group(app_url: str) -> None:
    group, other = full(app_url), full(app_url)
    answer = group.send("GET", "/backup.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["content-disposition"].startswith("attachment")
    backup = answer.json()
    assert backup["format"] == "evenly-backup"
    assert backup["schemaVersion"] >= 2
    assert backup["groups"] == [group.get()]
    assert len(backup["expenses"]) == 7
    for expense in backup["expenses"]:
        assert group.get(f"/expenses/{expense['id']}") == expense
    assert len(backup["payments"]) == 2
    assert len(backup["recurring"]) == 2
    assert len(backup["budgets"]) == 2
    assert not any(member_id in answer.text for member_id in other.ids)


def test_a_backup_of_what_is_not_there(app_url: str) -> None:
    answer = requests.get(f"{app_url}/api/groups/nothing/backup.json", timeout=SECONDS)
    assert answer.status_code == 404


def test_a_restored_group_is_a_new_one(app_url: str) -> None:
    group = full(app_url)
    backup = group.backup()
    answer = send_backup(app_url, backup)
    assert answer.status_code == 201
    copy = Group.existing(app_url, answer.json()["id"])
    assert answer.json() == copy.get()
    assert not ids_in(copy.backup()) & ids_in(backup)
    assert group.backup() == backup
    again = restored(app_url, backup)
    assert not ids_in(again.backup()) & (ids_in(copy.backup()) | ids_in(backup))


def test_the_group_itself_is_kept(app_url: str) -> None:
    group = full(app_url)
    copy = restored(app_url, group.backup())
    before, after = group.get(), copy.get()
    assert (after["name"], after["currency"]) == (before["name"], "EUR")
    assert after["wholeUnits"] is True
    assert after["createdAt"] == before["createdAt"]
    kept, members = alike(after["members"], before["members"])
    assert kept == members
    assert [member["archived"] for member in after["members"]] == [False, False, False, True]


def test_expenses_are_kept(app_url: str) -> None:
    group = full(app_url)
    copy = restored(app_url, group.backup())
    names = ("description", "note", "amount", "currency", "paidBy", "date", "split")
    names += ("version", "createdAt", "updatedAt")
    before = [{name: made[name] for name in names} for made in group.expenses()]
    after = [{name: made[name] for name in names} for made in copy.expenses()]
    key = "description"
    assert [made[key] for made in after] == [made[key] for made in before]
    assert sorted(map(str, map(copy.named, after))) == sorted(map(str, map(group.named, before)))
    assert {made["version"] for made in after} == {1, 2}


def test_an_equal_split_keeps_its_order(app_url: str) -> None:
    group = full(app_url)
    copy = restored(app_url, group.backup())
    ana, bruno, zoe, _ = copy.ids
    [dollars] = copy.get("/expenses", q="dollars")["expenses"]
    assert dollars["split"] == {"mode": "equal", "members": [zoe, bruno, ana]}


def test_payments_are_kept(app_url: str) -> None:
    group = full(app_url)
    copy = restored(app_url, group.backup())
    before, after = group.get("/payments")["payments"], copy.get("/payments")["payments"]
    after, before = alike(after, before)
    assert copy.named(after) == group.named(before)


def test_budgets_and_months_are_kept(app_url: str) -> None:
    group = full(app_url)
    copy = restored(app_url, group.backup())
    for month in ("2024-01", "2024-02", "2024-03"):
        before, after = (each.get("/summary", month=month) for each in (group, copy))
        assert copy.named(after["currencies"]) == group.named(before["currencies"])
        kept, budgets = alike(after["budgets"], before["budgets"])
        assert kept == budgets
        assert len(budgets) == 2


def test_balances_are_the_same(app_url: str) -> None:
    group = full(app_url)
    copy = restored(app_url, group.backup())
    before, after = (each.get("/balances")["currencies"] for each in (group, copy))
    nets = [
        {entry["currency"]: [entry["net"][each] for each in owner.ids] for entry in currencies}
        for owner, currencies in ((group, before), (copy, after))
    ]
    assert nets[0] == nets[1]
    assert sorted(nets[1]) == ["EUR", "USD"]


def test_rules_go_on_where_they_were(app_url: str) -> None:
    group = full(app_url)
    copy = restored(app_url, group.backup())
    before, after = (each.get("/recurring")["recurring"] for each in (group, copy))
    after, before = alike(after, before)
    assert copy.named(after) == group.named(before)
    assert copy.run("2024-02-29") == 0
    assert copy.run("2024-03-31") == 1
    [rent] = [made for made in copy.expenses() if made["date"] == "2024-03-31"]
    ana, bruno, zoe, _ = copy.ids
    assert rent["paidBy"] == zoe
    assert rent["split"] == {"mode": "shares", "shares": {ana: 2, bruno: 1}}
    assert group.get("/expenses")["total"] == 7


def test_origins_refer_to_the_copy(app_url: str) -> None:
    group = full(app_url)
    copy = restored(app_url, group.backup())
    ana, bruno, _, _ = copy.ids
    [bank] = copy.get("/expenses", q="bank")["expenses"]
    assert bank["source"]["kind"] == "csv"
    assert bank["source"]["shares"] == {ana: "4.00", bruno: "5.00"}
    assert (bank["source"]["amount"], bank["source"]["exportedId"]) == ("9.00", "old-1")
    rules = {rule["expense"]["description"]: rule["id"] for rule in copy.get("/recurring")["recurring"]}
    made = copy.get("/expenses", q="rent")["expenses"]
    assert [each["source"]["ruleId"] for each in made] == [rules["F rent #home"]] * 2
    assert {each["source"]["date"] for each in made} == {"2024-01-31", "2024-02-29"}


def test_rules_that_are_gone_do_no_harm(app_url: str) -> None:
    group = full(app_url)
    for rule in group.get("/recurring")["recurring"]:
        assert group.send("DELETE", f"/recurring/{rule['id']}").status_code == 204
    gone = {rule["id"] for rule in group.backup()["recurring"]}
    copy = restored(app_url, group.backup())
    assert gone == set()
    assert copy.get("/expenses")["total"] == 7
    assert copy.get("/recurring")["recurring"] == []


def test_exports_of_the_original_add_nothing(app_url: str) -> None:
    group = full(app_url)
    copy = restored(app_url, group.backup())
    assert copy.bring_in(group.export()) == {"imported": 0, "skipped": 7, "errors": []}
    assert copy.bring_in(copy.export()) == {"imported": 0, "skipped": 7, "errors": []}
    assert group.bring_in(group.export())["skipped"] == 7


def test_a_copy_of_a_copy_knows_both(app_url: str) -> None:
    group = full(app_url)
    copy = restored(app_url, group.backup())
    third = restored(app_url, copy.backup())
    for each in (group, copy, third):
        assert third.bring_in(each.export()) == {"imported": 0, "skipped": 7, "errors": []}
    assert not ids_in(third.backup()) & (ids_in(group.backup()) | ids_in(copy.backup()))


def test_what_the_original_had_imported_is_still_known(app_url: str) -> None:
    group = full(app_url)
    copy = restored(app_url, group.backup())
    text = "evenly id,date,description,amount,paid by\nold-1,2024-02-02,E bank,9.00,Bruno\n"
    assert copy.bring_in(text) == {"imported": 0, "skipped": 1, "errors": []}


def test_a_copy_lives_its_own_life(app_url: str) -> None:
    group = full(app_url)
    backup = group.backup()
    copy = restored(app_url, backup)
    [bank] = copy.get("/expenses", q="bank")["expenses"]
    assert copy.send("DELETE", f"/expenses/{bank['id']}").status_code == 204
    copy.made("/expenses", copy.fields(split={"mode": "equal", "members": copy.ids[:2]}))
    assert copy.send("PATCH", f"/members/{copy.ids[3]}", json={"archived": False}).ok
    assert group.backup() == backup


def test_an_empty_group(app_url: str) -> None:
    group = Group(app_url, currency="JPY")
    copy = restored(app_url, group.backup())
    assert copy.get()["currency"] == "JPY"
    assert copy.get("/expenses")["total"] == 0


def test_a_restore_with_a_key_is_carried_out_once(app_url: str) -> None:
    backup = full(app_url).backup()
    key = uuid.uuid4().hex
    first = send_backup(app_url, backup, **{"idempotency-key": key})
    second = send_backup(app_url, backup, **{"idempotency-key": key})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    groups = requests.get(f"{app_url}/api/groups", timeout=SECONDS).json()["groups"]
    assert [each["name"] for each in groups].count(first.json()["name"]) == 2
