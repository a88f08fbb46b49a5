"""Importing files that hold what the group has already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evenly import Evenly, Group
from playwright.sync_api import Page, expect

HEADER = "evenly id,date,description,amount,paid by\r\n"


def filled(evenly: Evenly, *descriptions: str) -> Group:
    group = evenly.group()
    for description in descriptions:
        group.expense(description=description)
    return group


def export(group: Group) -> str:
    answer = group.send("GET", "/export.csv")
    assert answer.status_code == 200
    return answer.text


def bring_in(group: Group, text: str) -> dict[str, Any]:
    answer = group.send("POST", "/import", data=text, headers={"content-type": "text/csv"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def counts(imported: int, skipped: int) -> dict[str, Any]:
    return {"imported": imported, "skipped": skipped, "errors": []}


def descriptions(group: Group) -> list[str]:
    return sorted(expense["description"] for expense in group.get("/expenses")["expenses"])


def choose(page: Page, text: str, said: str) -> None:
    """Import a file on the screen of a group, and put what is said about it away."""
    file = {"name": "trip.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.get_by_label("Import CSV").set_input_files(files=[file])
    message = page.get_by_role("alert")
    expect(message).to_contain_text(said)
    message.get_by_role("button", name="Dismiss").click()
    expect(message).to_be_hidden()


def test_a_copy_that_is_kept_with_the_buttons(evenly: Evenly, page: Page) -> None:
    original, copy = filled(evenly, "Dinner", "Taxi"), evenly.group(name="Copy")
    evenly.hold_still()
    original.open()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    text = Path(download.value.path()).read_bytes().decode()
    copy.open()
    choose(page, text, "Imported 2, skipped 0")
    choose(page, text, "Imported 0, skipped 2")
    original.expense(description="Museum")
    text = export(original)
    choose(page, text, "Imported 1, skipped 2")
    rows = page.get_by_role("main").get_by_role("link").filter(has_text="paid by Ana")
    expect(rows).to_have_count(3)

    rows.filter(has_text="Taxi").click()
    page.get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(2)
    choose(page, text, "Imported 1, skipped 2")
    expect(rows).to_have_count(3)
    assert descriptions(copy) == ["Dinner", "Museum", "Taxi"]
    original.open()
    choose(page, text, "Imported 0, skipped 3")
    expect(rows).to_have_count(3)


def test_files_that_were_put_together(evenly: Evenly, page: Page) -> None:
    original, copy = filled(evenly, "Dinner"), evenly.group(name="Copy")
    first = export(original)
    original.expense(description="Museum")
    merged = first + export(original).split("\r\n", 1)[1]
    evenly.hold_still()
    copy.open()
    choose(page, merged, "Imported 2, skipped 1")
    rows = page.get_by_role("main").get_by_role("link").filter(has_text="paid by Ana")
    expect(rows).to_have_count(2)
    assert descriptions(copy) == ["Dinner", "Museum"]
    assert bring_in(copy, merged) == counts(0, 3)

    group = evenly.group()
    group.open()
    broken = 'id-1,2024-03-01,Taxi,"12,x",Ana\r\n'
    right = "id-1,2024-03-01,Taxi,12.00,Ana\r\n"
    choose(page, HEADER + broken + right + right, "Imported 1, skipped 1; line 2: ")
    expect(rows).to_have_count(1)
    assert [expense["amount"] for expense in group.get("/expenses")["expenses"]] == [1200]
    result = bring_in(evenly.group(), HEADER + broken + right + right)
    assert (result["imported"], result["skipped"]) == (1, 1)
    assert [error["line"] for error in result["errors"]] == [2]


def test_an_expense_is_known_by_its_id_alone(evenly: Evenly) -> None:
    group = evenly.group()
    row = ",2024-03-01,Coffee,2.50,Ana\r\n"
    assert bring_in(group, HEADER + row + row) == counts(2, 0)
    assert bring_in(group, HEADER + row) == counts(1, 0)
    without = "date,description,amount,paid by\r\n2024-03-01,Coffee,2.50,Ana\r\n"
    assert bring_in(group, without) == counts(1, 0)
    assert descriptions(group) == ["Coffee"] * 4

    group = evenly.group()
    rows = "".join(f"id-{number},2024-03-01,Coffee,2.50,Ana\r\n" for number in range(3))
    assert bring_in(group, HEADER + rows) == counts(3, 0)
    assert descriptions(group) == ["Coffee"] * 3


def test_what_each_group_has_is_what_counts(evenly: Evenly) -> None:
    original, one, two = filled(evenly, "Dinner", "Taxi"), evenly.group(), evenly.group()
    text = export(original)
    for copy in (one, two):
        assert bring_in(copy, text) == counts(2, 0)
    for expense in one.get("/expenses")["expenses"]:
        assert one.send("DELETE", f"/expenses/{expense['id']}").status_code == 204
    assert bring_in(one, text) == counts(2, 0)
    assert bring_in(one, text) == bring_in(two, text) == counts(0, 2)
    assert bring_in(original, text) == counts(0, 2)
    assert descriptions(one) == descriptions(two) == descriptions(original) == ["Dinner", "Taxi"]
