"""What a backup holds, what a group that is restored from it is worth, and what is refused."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from evenly import Answer, Evenly, Group
from playwright.sync_api import Page, expect

CSV = {"content-type": "text/csv"}
LISTS = ("groups", "expenses", "payments", "recurring", "budgets")


def payment(payer: str, receiver: str, amount: int, **more: str) -> dict[str, Any]:
    date = "2024-03-04"
    fields = {"from": payer, "to": receiver, "amount": amount, "currency": "EUR", "date": date}
    return {**fields, **more}


def bring_in(group: Group, text: str) -> tuple[int, int]:
    """Import a file; return how many rows were imported and skipped."""
    answer = group.send("POST", "/import", data=text, headers=CSV)
    assert answer.status_code == 200, answer.text
    assert answer.json()["errors"] == []
    return answer.json()["imported"], answer.json()["skipped"]


def run(group: Group, up_to: str) -> int:
    answer = group.send("POST", "/recurring/run", body={"upTo": up_to})
    assert answer.status_code == 200, answer.text
    return answer.json()["created"]


def full(evenly: Evenly) -> Group:
    """A group with something of everything; Dora is archived."""
    group = evenly.group("Ana", "Bruno", "Zoë", "Dora", name=f"Trip {uuid.uuid4().hex}")
    ana, bruno, zoe, dora = group.ids
    group.send("PATCH", "", body={"wholeUnits": True})
    shares = {"mode": "shares", "shares": {ana: 2, bruno: 1}}
    group.expense(description="A shares #food", amount=1001, split=shares)
    exact = {"mode": "exact", "amounts": {zoe: 400, ana: 600}}
    edited = group.expense(description="B exact", note="x", split=exact)
    changed = group.fields(description="B exact", note="edited", paidBy=bruno, split=exact)
    assert group.send("PUT", f"/expenses/{edited['id']}", body=changed).status_code == 200
    uneven = {"mode": "equal", "members": [zoe, bruno, ana]}
    group.expense(description="C dollars", currency="USD", split=uneven)
    alone = {"mode": "equal", "members": [dora]}
    group.expense(description="D alone", paidBy=dora, split=alone)
    header = "evenly id,date,description,amount,paid by,Ana,Bruno"
    bring_in(group, f"{header}\nold-1,2024-02-02,E bank,9.00,Bruno,4.00,5.00\n")
    group.made("/payments", payment(bruno, ana, 500))
    group.made("/payments", payment(zoe, bruno, 300, currency="USD", date="2024-03-05"))
    expense = {**group.fields(description="F rent #home", split=shares), "paidBy": zoe}
    group.made("/recurring", {"every": "month", "start": "2024-01-31", "expense": expense})
    assert run(group, "2024-02-29") == 2
    paused = {**group.fields(description="G paused", split=exact), "paidBy": bruno}
    rule = {"every": "week", "interval": 3, "start": "2024-01-01", "until": "2030-01-01"}
    group.made("/recurring", {**rule, "paused": True, "expense": paused})
    for tag, amount in (("food", 5000), ("home", 900)):
        budget = {"tag": tag, "currency": "EUR", "amount": amount}
        assert group.send("PUT", "/budgets", body=budget).status_code == 200
    archived = group.send("PATCH", f"/members/{dora}", body={"archived": True})
    assert archived.status_code == 200
    return group


def backup_of(group: Group) -> dict[str, Any]:
    return group.get("/backup.json")


def send_backup(evenly: Evenly, backup: object, **headers: str) -> Answer:
    return evenly.send("POST", "/groups/restore", body=backup, headers=headers)


def restored(evenly: Evenly, backup: object) -> Group:
    answer = send_backup(evenly, backup)
    assert answer.status_code == 201, answer.text
    return Group(evenly, answer.json())


def expenses(group: Group) -> list[dict[str, Any]]:
    return sorted(group.get("/expenses")["expenses"], key=lambda made: made["description"])


def named(group: Group, value: object) -> object:
    """The same, with members' ids replaced by their places."""
    text = json.dumps(value, sort_keys=True)
    for place, member_id in enumerate(group.ids):
        text = text.replace(member_id, f"member-{place}")
    return json.loads(text, object_pairs_hook=lambda pairs: sorted(pairs, key=str))


def alike(copies: list[dict], records: list[dict]) -> tuple[list[dict], list[dict]]:
    """Both without their ids, and the copies without what only copies have."""
    assert len(copies) == len(records)
    names = [record.keys() - {"id", "groupId"} for record in records]
    kept = [{name: copy.get(name) for name in of} for copy, of in zip(copies, names)]
    return kept, [{name: record[name] for name in of} for record, of in zip(records, names)]


def ids_in(backup: dict[str, Any]) -> set[str]:
    members = [member for group in backup["groups"] for member in group["members"]]
    records = [*members, *(record for kind in LISTS for record in backup[kind])]
    return {record["id"] for record in records}


# Fills a backup with copies of an expense, up to 8 MB, and restores it.
LARGE = """async ([backup, made]) => {
    const each = JSON.stringify(made).length + 1;
    const count = Math.floor((8_000_000 - JSON.stringify(backup).length) / each);
    for (let number = 0; number < count; number += 1) {
        backup.expenses.push({ ...made, id: String(number).padStart(16, '0') });
    }
    const body = JSON.stringify(backup);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch('/api/groups/restore', { method: 'POST', headers, body });
    return [backup.expenses.length, body.length, answer.status, await answer.text()];
}"""


def old_backup(**more: object) -> dict[str, Any]:
    """What the script cuts out of a data file of schema version 1."""
    equal = {"amount": 500, "currency": "EUR", "date": "2020-01-02", "groupId": "g"}
    times = {"createdAt": "2020-01-02T10:00:00.000Z", "updatedAt": "2020-01-03T10:00:00.000Z"}
    people = [{"id": "a", "name": "Ana"}, {"id": "b", "name": "Bea"}, {"id": "c", "name": "Cem"}]
    group = {"id": "g", "name": "Old", "currency": "EUR", "createdAt": "2020-01-01T10:00:00.000Z"}
    records = [
        {"id": "1", "description": "Tea", "paidBy": "a", "splitBetween": ["a", "b"]},
        {"id": "2", "description": "Cake", "paidBy": "c", "splitBetween": ["c", "a"]},
    ]
    return {
        "format": "evenly-backup",
        "groups": [{**group, "members": people}],
        "expenses": [{**equal, **times, **expense} for expense in records],
        **more,
    }


@contextmanager
def nothing_is_stored(evenly: Evenly) -> Iterator[None]:
    before = evenly.send("GET", "/groups").json()
    yield
    assert evenly.send("GET", "/groups").json() == before


def refused(evenly: Evenly, backup: object, place: str | None = None) -> None:
    answer = send_backup(evenly, backup)
    assert answer.status_code == 422, (answer.status_code, answer.text, str(backup)[:300])
    assert answer.json()["error"]
    if place is not None:
        assert list(answer.json()["fields"]) == [place]


def test_a_group_is_downloaded_and_restored_on_the_page(
    evenly: Evenly, page: Page, tmp_path: Path
) -> None:
    group, other = full(evenly), evenly.group()
    other.expense()
    page.goto(f"/groups/{group.id}/overview")
    with page.expect_download() as download:
        page.get_by_text("Download backup", exact=True).last.click()
    file = tmp_path / "backup.json"
    download.value.save_as(file)
    backup = json.loads(file.read_text(encoding="utf-8"))
    assert (backup["format"], backup["schemaVersion"]) == ("evenly-backup", 2)
    assert backup["groups"] == [group.get()]
    made = group.get("/expenses")["expenses"]
    assert sorted(backup["expenses"], key=str) == sorted(made, key=str)
    assert [len(backup[kind]) for kind in ("expenses", "payments", "recurring", "budgets")] == [
        7,
        2,
        2,
        2,
    ]
    assert not any(member_id in file.read_text(encoding="utf-8") for member_id in other.ids)

    page.goto("/")
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Restore backup", exact=True).last.click()
    chooser.value.set_files(file)
    expect(page.get_by_role("heading", level=1)).to_have_text(group.name)
    copy_id = page.url.rpartition("/")[2]
    copy = Group(evenly, evenly.send("GET", f"/groups/{copy_id}").json())
    assert not ids_in(backup_of(copy)) & ids_in(backup)
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("listitem").filter(has_text="Dora (archived)")).to_be_visible()
    expect(page.get_by_text("F rent #home").first).to_be_visible()
    page.get_by_role("link", name="Balances").click()
    shown = page.get_by_role("list", name="Balances in EUR")
    expect(shown.get_by_role("listitem")).to_have_count(4)
    text = shown.inner_text()
    group.open("/balances")
    expect(shown.get_by_role("listitem")).to_have_text(text.splitlines())
    page.goto("/")
    expect(page.get_by_role("link", name=group.name)).to_have_count(2)


def test_a_restored_group_is_a_new_one(evenly: Evenly) -> None:
    group = full(evenly)
    answer = group.send("GET", "/backup.json")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert evenly.send("GET", "/groups/nothing/backup.json").status_code == 404
    backup = backup_of(group)
    answer = send_backup(evenly, backup)
    assert answer.status_code == 201, answer.text
    copy = Group(evenly, answer.json())
    assert answer.json() == copy.get()
    again = restored(evenly, backup)
    assert not ids_in(backup_of(again)) & (ids_in(backup_of(copy)) | ids_in(backup))

    [bank] = copy.get("/expenses", q="bank")["expenses"]
    assert copy.send("DELETE", f"/expenses/{bank['id']}").status_code == 204
    copy.expense(split={"mode": "equal", "members": copy.ids[:2]})
    back = copy.send("PATCH", f"/members/{copy.ids[3]}", body={"archived": False})
    assert back.status_code == 200
    assert backup_of(group) == backup

    key = {"idempotency-key": uuid.uuid4().hex}
    first, second = (send_backup(evenly, backup, **key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    groups = evenly.send("GET", "/groups").json()["groups"]
    assert [each["name"] for each in groups].count(group.name) == 4
    empty = restored(evenly, backup_of(evenly.group(currency="JPY")))
    assert (empty.get()["currency"], empty.get("/expenses")["total"]) == ("JPY", 0)


def test_everything_is_kept(evenly: Evenly) -> None:
    group = full(evenly)
    copy = restored(evenly, backup_of(group))
    ana, bruno, zoe, _ = copy.ids
    before, after = group.get(), copy.get()
    kept, members = alike(after["members"], before["members"])
    assert kept == members
    assert [member["archived"] for member in members] == [False, False, False, True]
    for name in ("name", "currency", "wholeUnits", "createdAt"):
        assert after[name] == before[name], name

    names = ("description", "note", "amount", "currency", "paidBy", "date", "split")
    names += ("version", "createdAt", "updatedAt")
    kept = [named(copy, {name: made[name] for name in names}) for made in expenses(copy)]
    made = [named(group, {name: made[name] for name in names}) for made in expenses(group)]
    assert sorted(map(str, kept)) == sorted(map(str, made))
    [dollars] = copy.get("/expenses", q="dollars")["expenses"]
    assert dollars["split"] == {"mode": "equal", "members": [zoe, bruno, ana]}
    for kind in ("payments", "recurring"):
        kept, records = alike(copy.get(f"/{kind}")[kind], group.get(f"/{kind}")[kind])
        assert named(copy, kept) == named(group, records)
    for month in ("2024-01", "2024-02", "2024-03"):
        before, after = (each.get("/summary", month=month) for each in (group, copy))
        assert named(copy, after["currencies"]) == named(group, before["currencies"])
        kept, budgets = alike(after["budgets"], before["budgets"])
        assert kept == budgets
        assert len(budgets) == 2
    nets = [
        {entry["currency"]: [entry["net"][each] for each in owner.ids] for entry in currencies}
        for owner in (group, copy)
        for currencies in [owner.get("/balances")["currencies"]]
    ]
    assert nets[0] == nets[1]
    assert sorted(nets[1]) == ["EUR", "USD"]

    assert run(copy, "2024-02-29") == 0
    assert run(copy, "2024-03-31") == 1
    [rent] = [made for made in expenses(copy) if made["date"] == "2024-03-31"]
    assert rent["paidBy"] == zoe
    assert rent["split"] == {"mode": "shares", "shares": {ana: 2, bruno: 1}}
    assert group.get("/expenses")["total"] == 7


def test_origins_refer_to_the_copy(evenly: Evenly) -> None:
    group = full(evenly)
    copy = restored(evenly, backup_of(group))
    ana, bruno, *_ = copy.ids
    [bank] = copy.get("/expenses", q="bank")["expenses"]
    assert bank["source"]["kind"] == "csv"
    assert bank["source"]["shares"] == {ana: "4.00", bruno: "5.00"}
    assert (bank["source"]["amount"], bank["source"]["exportedId"]) == ("9.00", "old-1")
    rules = copy.get("/recurring")["recurring"]
    [rent] = [rule for rule in rules if rule["expense"]["description"] == "F rent #home"]
    made = copy.get("/expenses", q="rent")["expenses"]
    assert [each["source"]["ruleId"] for each in made] == [rent["id"]] * 2
    assert {each["source"]["date"] for each in made} == {"2024-01-31", "2024-02-29"}

    for rule in group.get("/recurring")["recurring"]:
        assert group.send("DELETE", f"/recurring/{rule['id']}").status_code == 204
    without = restored(evenly, backup_of(group))
    assert without.get("/expenses")["total"] == 7
    assert without.get("/recurring")["recurring"] == []


def test_exports_add_nothing_to_a_copy(evenly: Evenly, page: Page) -> None:
    group = full(evenly)
    copy = restored(evenly, backup_of(group))
    third = restored(evenly, backup_of(copy))
    exports = [each.send("GET", "/export.csv").text for each in (group, copy, third)]
    copy.open()
    mine = {"name": "mine.csv", "mimeType": "text/csv", "buffer": exports[0].encode()}
    page.get_by_label("Import CSV").set_input_files(mine)
    expect(page.get_by_role("alert").filter(has_text="Imported 0, skipped 7")).to_be_visible()
    assert bring_in(copy, exports[1]) == (0, 7)
    assert [bring_in(third, text) for text in exports] == [(0, 7)] * 3
    assert bring_in(group, exports[0]) == (0, 7)
    known = [ids_in(backup_of(each)) for each in (group, copy, third)]
    assert not known[2] & (known[0] | known[1])
    bank = "evenly id,date,description,amount,paid by\nold-1,2024-02-02,E bank,9.00,Bruno\n"
    assert [bring_in(each, bank) for each in (copy, third)] == [(0, 1)] * 2


def test_schema_version_1(evenly: Evenly) -> None:
    paid = {**payment("b", "c", 250), "createdAt": "2020-02-02T10:00:00.000Z", "id": "p"}
    for backup in (
        old_backup(),
        old_backup(schemaVersion=1),
        old_backup(payments=[{**paid, "groupId": "g"}]),
    ):
        group = restored(evenly, backup)
        ana, bea, cem = group.ids
        stored = group.get()
        assert stored["wholeUnits"] is False
        assert [member["archived"] for member in stored["members"]] == [False] * 3
        cake, tea = expenses(group)
        assert tea["split"] == {"mode": "equal", "members": [ana, bea]}
        assert cake["split"] == {"mode": "equal", "members": [cem, ana]}
        assert (cake["paidBy"], cake["version"]) == (cem, 1)
        assert tea["createdAt"] == "2020-01-02T10:00:00.000Z"
        assert tea["updatedAt"] == "2020-01-03T10:00:00.000Z"
        assert stored["createdAt"] == "2020-01-01T10:00:00.000Z"
        [euros] = group.get("/balances")["currencies"]
        settled = "payments" in backup
        assert [euros["net"][each] for each in group.ids] == (
            [0] * 3 if settled else [0, -250, 250]
        )
        assert group.get("/recurring")["recurring"] == []
        assert group.get("/budgets")["budgets"] == []
    [payed] = group.get("/payments")["payments"]
    assert (payed["from"], payed["to"], payed["createdAt"]) == (bea, cem, paid["createdAt"])

    group.expense()
    answer = group.send("PUT", f"/expenses/{tea['id']}", body={**tea, "note": "late"})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert restored(evenly, backup_of(group)).get("/expenses")["total"] == 3

    with nothing_is_stored(evenly):
        backup = old_backup()
        backup["expenses"][1]["splitBetween"] = ["a", "nobody"]
        refused(evenly, backup, "expenses.1")
        backup["expenses"][1]["splitBetween"] = None
        refused(evenly, backup)
        for wrong in (old_backup(groups={}), old_backup(expenses=[None])):
            refused(evenly, wrong)
        del backup["expenses"]
        refused(evenly, backup)


def test_what_is_no_backup(evenly: Evenly) -> None:
    backup = backup_of(full(evenly))
    [group] = backup["groups"]
    with nothing_is_stored(evenly):
        for version in (backup["schemaVersion"] + 1, 99, 0, -1, 1.5):
            refused(evenly, {**backup, "schemaVersion": version})
        refused(evenly, {})
        refused(evenly, {**backup, "format": "other"})
        refused(evenly, {**backup, "groups": []})
        refused(evenly, {**backup, "groups": [group] * 2})
        for missing in ("format", *LISTS):
            refused(evenly, {kind: backup[kind] for kind in backup if kind != missing})
        for kind in LISTS:
            for wrong in (None, {}, "x", 1, [None], ["x"], [1]):
                refused(evenly, {**backup, kind: wrong})
        for body in ("", "{", "[]", "null"):
            headers = {"content-type": "application/json"}
            answer = evenly.send("POST", "/groups/restore", data=body, headers=headers)
            assert answer.status_code in {400, 422}, body


def test_groups_and_members_that_could_not_have_been_entered(evenly: Evenly) -> None:
    backup = backup_of(full(evenly))
    [group] = backup["groups"]
    *others, last = group["members"]
    without_id = {key: last[key] for key in last if key != "id"}
    twin, same_name = ({**last, key: others[0][key]} for key in ("id", "name"))
    with nothing_is_stored(evenly):
        for member in (without_id, twin, {**last, "id": None}, {**last, "id": 7}, None, "x"):
            changed = {**group, "members": [*others, member]}
            refused(evenly, {**backup, "groups": [changed]})
        for change in (
            {"currency": "XXX"},
            {"name": ""},
            {"name": 5},
            {"members": [*others, same_name]},
            {"members": None},
            {"members": "Ana"},
        ):
            refused(evenly, {**backup, "groups": [{**group, **change}]})


def test_records_that_could_not_have_been_entered(evenly: Evenly, page: Page) -> None:
    backup = backup_of(full(evenly))
    ana, bruno, *_ = (member["id"] for member in backup["groups"][0]["members"])
    expense = backup["recurring"][1]["expense"]
    wrong_expenses = (
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
    )
    wrong_payments = (
        {"from": "nobody"},
        {"to": "nobody"},
        {"from": ana, "to": ana},
        {"amount": -5},
        {"currency": "x"},
        {"date": "yesterday"},
    )
    wrong_rules = (
        {"every": "day"},
        {"interval": 0},
        {"start": "2024-02-30"},
        {"until": "2020-01-01"},
        {"paused": "no"},
        {"expense": None},
        {"expense": {**expense, "paidBy": "nobody"}},
        {"expense": {**expense, "split": {"mode": "equal", "members": ["nobody"]}}},
        {"expense": {**expense, "amount": 0}},
    )
    wrong_budgets = ({"tag": "two words"}, {"tag": ""}, {"currency": "x"}, {"amount": 0})
    with nothing_is_stored(evenly):
        for kind, place, changes in (
            ("expenses", 0, wrong_expenses[:3]),
            ("expenses", 6, wrong_expenses),
            ("payments", 1, wrong_payments),
            ("recurring", 1, wrong_rules),
            ("budgets", 1, wrong_budgets),
        ):
            for change in changes:
                wrong = deepcopy(backup)
                wrong[kind][place].update(change)
                refused(evenly, wrong, f"{kind}.{place}")

        backup["expenses"][1]["paidBy"] = "nobody"
        text = json.dumps(backup).encode()
        page.goto("/")
        with page.expect_file_chooser() as chooser:
            page.get_by_text("Restore backup", exact=True).last.click()
        file = {"name": "backup.json", "mimeType": "application/json", "buffer": text}
        chooser.value.set_files(file)
        expect(page.get_by_text("paidBy must be a member of the group")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your groups")


def test_archived_members_are_members_of_what_was(evenly: Evenly) -> None:
    backup = backup_of(full(evenly))
    backup["groups"][0]["members"][1]["archived"] = True
    again = restored(evenly, backup)
    assert [member["archived"] for member in again.get()["members"]] == [False, True, False, True]
    assert again.get("/expenses")["total"] == 7
    assert len(again.get("/recurring")["recurring"]) == 2


def test_large_groups_are_restored(evenly: Evenly, page: Page) -> None:
    group = evenly.group()
    made = group.expense(note="x" * 500)
    # The last test of all: what comes after it would have to wait for a large data file.
    count, size, status, text = page.evaluate(LARGE, [backup_of(group), made])
    assert 7_900_000 < size <= 8_000_000
    assert status == 201, text
    assert Group(evenly, json.loads(text)).get("/expenses", limit=1)["total"] == count
