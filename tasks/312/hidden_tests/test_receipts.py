"""Receipts that are assigned line by line, in one order or another, and checked to the cent."""

from __future__ import annotations

import re

from evenly import Evenly, Group
from playwright.sync_api import Locator, Page, expect

NAMES = ("Ana", "Bruno", "Chiara", "Davide", "Elena", "Fabio", "Gina")
LETTERS = {name[0]: name for name in NAMES}


def show(evenly: Evenly, names: tuple[str, ...], receipt: str) -> tuple[Group, str]:
    """Show the receipt of an expense on the form of that expense, whose id is returned, too."""
    group = evenly.group(*names)
    expense = group.expense(note=f"receipt {receipt}")
    evenly.sign_in()
    group.open(f"/expenses/{expense['id']}")
    evenly.page.get_by_role("button", name="Show receipt").click()
    return group, expense["id"]


def boxes(page: Page, line: str) -> Locator:
    return page.get_by_role("group", name=re.compile(f"^{line}, ")).get_by_role("checkbox")


def assign(page: Page, lines: dict[str, str]) -> None:
    """Tick members, in the order of their initials, at each line."""
    for line, letters in lines.items():
        row = page.get_by_role("group", name=re.compile(f"^{line}, "))
        for letter in letters:
            row.get_by_label(LETTERS[letter]).check()


def expect_parts(page: Page, *parts: str) -> None:
    """Expect texts in the list of what everybody has of the receipt."""
    expect(page.get_by_role("status", name="Receipt", exact=True)).to_have_text(
        "Every line is assigned"
    )
    items = page.get_by_role("list", name="Receipt by member").get_by_role("listitem")
    expect(items).to_have_text([re.compile(rf"^{part}$") for part in parts])


def save(group: Group, expense_id: str, currency: str) -> dict[str, int]:
    """Use the split, save the expense, and return what was saved, by initials."""
    page = group.page
    page.get_by_role("button", name="Use this split").click()
    expect(page.get_by_role("status", name="Left to assign")).to_have_text("Everything is assigned")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Add expense")).to_be_visible()
    saved = group.get(f"/expenses/{expense_id}")
    amounts = saved["split"]["amounts"]
    assert (saved["currency"], saved["split"]["mode"]) == (currency, "exact")
    assert sum(amounts.values()) == saved["amount"]
    letters = dict(zip(group.ids, LETTERS, strict=False))
    return {letters[member]: amount for member, amount in amounts.items()}


def test_yen(page: Page, evenly: Evenly) -> None:
    group, expense_id = show(evenly, NAMES[:3], "rcp_0002")
    assign(page, {"Edamame": "A", "Gyoza": "AB", "Karaage": "ABC", "Udon": "BC", "Sashimi": "C"})
    expected = (r"Ana: \D*954", r"Bruno: \D*945", r"Chiara: \D*1,897")
    expect_parts(page, *expected)
    for line in ("Gyoza", "Karaage", "Udon"):
        for box in boxes(page, line).all():
            box.uncheck()
    assign(page, {"Gyoza": "BA", "Karaage": "CBA", "Udon": "CB"})
    expect_parts(page, *expected)
    assert save(group, expense_id, "JPY") == {"A": 954, "B": 945, "C": 1897}


def test_dinars(page: Page, evenly: Evenly) -> None:
    group, expense_id = show(evenly, NAMES[:3], "rcp_0003")
    assign(page, {"Hummus": "A", "Mixed grill": "CAB", "Machboos": "CB", "Mint lemonade": "BCA"})
    expect_parts(page, r"Ana: KWD\s2\.490", r"Bruno: KWD\s3\.646", r"Chiara: KWD\s3\.644")
    assert save(group, expense_id, "KWD") == {"A": 2490, "B": 3646, "C": 3644}


def test_seven_people(page: Page, evenly: Evenly) -> None:
    group, expense_id = show(evenly, NAMES, "rcp_0004")
    page.get_by_role("button", name="Assign everything to everybody").click()
    for box in boxes(page, "Steak").all()[1:]:
        box.uncheck()
    sorbet = boxes(page, "Sorbet")
    for box in sorbet.all():
        box.uncheck()
    assign(page, {"Sorbet": "GEF"})
    parts = {"A": 1984, "B": 887, "C": 886, "D": 883, "E": 1167, "F": 1164, "G": 1163}
    texts = [rf"{LETTERS[who]}: CHF\s{part / 100:.2f}" for who, part in parts.items()]
    expect_parts(page, *texts)
    assert save(group, expense_id, "CHF") == parts


def test_a_photo_that_is_assigned_again(page: Page, evenly: Evenly) -> None:
    group = evenly.group(*NAMES[:3])
    evenly.sign_in()
    group.open("/expenses/new")
    photo = {"name": "receipt.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}
    page.get_by_label("Photo of the receipt").set_input_files(photo)
    page.get_by_role("button", name="Assign everything to everybody").click()
    page.get_by_role("button", name="Use this split").click()
    amount = page.get_by_role("textbox", name="Amount of Chiara")
    expect(amount).not_to_have_value("")
    for line in ("Pizza Margherita", "Lasagne", "Mineral water", "Tiramisu"):
        boxes(page, line).nth(2).uncheck()
    boxes(page, "Pizza Margherita").nth(1).uncheck()
    boxes(page, "Mineral water").nth(1).uncheck()
    boxes(page, "Lasagne").nth(0).uncheck()
    boxes(page, "Tiramisu").nth(0).uncheck()
    expect_parts(page, r"Ana: €20\.94", r"Bruno: €25\.86")
    page.get_by_role("button", name="Use this split").click()
    expect(amount).to_have_value(re.compile(r"^(0([.,]0*)?)?$"))
    expect(page.get_by_role("list", name="Who owes what").get_by_role("listitem")).to_have_text(
        ["Ana owes €20.94", "Bruno owes €25.86"]
    )
    expect(page.get_by_role("status", name="Left to assign")).to_have_text("Everything is assigned")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Trattoria Da Enzo €46.80")).to_be_visible()
    (saved,) = group.get("/expenses")["expenses"]
    ana, bruno, _ = group.ids
    assert saved["split"] == {"mode": "exact", "amounts": {ana: 2094, bruno: 2586}}
