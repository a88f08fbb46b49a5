"""Searching for expenses by what people type on their devices."""

from __future__ import annotations

from evenly import Evenly, Group
from playwright.sync_api import Page, expect

COMPOSED = "Caf\u00e9 M\u00fcller"
DECOMPOSED = "Cafe\u0301 Mu\u0308ller"
NOWHERE = "nowhere to be found"


def found(group: Group, query: str) -> list[str]:
    answer = group.get("/expenses", q=query)
    assert answer["total"] == len(answer["expenses"])
    return sorted(expense["description"] for expense in answer["expenses"])


def expect_in_group(page: Page, query: str, *descriptions: str) -> None:
    """Search on the screen of a group; the other search is what makes the answers differ."""
    box = page.get_by_role("searchbox", name="Search expenses")
    box.fill(NOWHERE)
    expect(page.get_by_text("Nothing matches your search.")).to_be_visible()
    box.fill(query)
    number = "1 expense" if len(descriptions) == 1 else f"{len(descriptions)} expenses"
    expect(page.get_by_text(f"{number} for “{query}”", exact=True)).to_be_visible()
    rows = page.get_by_role("main").get_by_role("link").filter(has_text="paid by")
    expect(rows).to_have_count(len(descriptions))
    expect(rows).to_contain_text(list(descriptions))


def expect_marks(page: Page, query: str, *marks: str) -> None:
    """Search on the screen for all groups, in the group that is chosen there."""
    search = page.get_by_role("button", name="Search", exact=True)
    page.get_by_label("Text").fill(NOWHERE)
    search.click()
    results = page.get_by_role("status", name="Search results")
    expect(results).to_have_text("Nothing was found.")
    page.get_by_label("Text").fill(query)
    search.click()
    marked = page.get_by_role("list", name="Found expenses").locator("mark")
    expect(marked).to_have_text(list(marks))


def test_the_search_box_of_a_group(evenly: Evenly, page: Page) -> None:
    group = evenly.group("Ana", "Zo\u00eb")
    group.expense(description=COMPOSED, date="2024-03-04")
    group.expense(description=DECOMPOSED, date="2024-03-03")
    group.expense(description="Sao Paulo", paidBy=group.ids[1], date="2024-03-02")
    group.expense(description="Lunch", note="Cr\u00e8me br\u00fbl\u00e9e", date="2024-03-01")
    evenly.hold_still()
    group.open()
    for query in ("caf\u00e9", "cafe\u0301", "cafe", "MULLER caf"):
        expect_in_group(page, query, COMPOSED, DECOMPOSED)
    expect_in_group(page, "S\u00e3o", "Sao Paulo")
    expect_in_group(page, "zoe", "Sao Paulo")
    expect_in_group(page, "creme", "Lunch")


def test_the_search_over_all_groups(evenly: Evenly, page: Page) -> None:
    group = evenly.group("Ana", "Zo\u00eb", name="Words with accents")
    group.expense(description=COMPOSED, note="#caf\u00e9", date="2024-03-03")
    group.expense(description=DECOMPOSED, note="#cafe", date="2024-03-02")
    group.expense(description="Tea", paidBy=group.ids[1], note="Cr\u00e8me br\u00fbl\u00e9e")
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_label("Group", exact=True).select_option("Words with accents")
    expect_marks(page, "zoe", "Zo\u00eb")
    expect_marks(page, "brulee CREME", "Cr\u00e8me", "br\u00fbl\u00e9e")
    for query in ("mu\u0308ller", "M\u00dcLLER", "muller"):
        expect_marks(page, query, "M\u00fcller", "Mu\u0308ller")
    expect_marks(
        page, "cafe mull", "Caf\u00e9", "M\u00fcll", "caf\u00e9", "Cafe\u0301", "Mu\u0308ll", "cafe"
    )
    page.get_by_label("Text").fill("cafe")
    page.get_by_label("Tag").fill("#CAF\u00c9")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("status", name="Search results")).to_have_text("1 expense found")


def test_whatever_is_searched_and_however_it_is_written(evenly: Evenly) -> None:
    group = evenly.group("Zo\u00eb", "Jose\u0301")
    zoe, jose = group.ids
    both = sorted([COMPOSED, DECOMPOSED])
    for description in both:
        group.expense(description=description, paidBy=zoe)
    group.expense(description="Sao Paulo", paidBy=jose)
    group.expense(description="Dinner", paidBy=jose, note="Cr\u00e8me br\u00fbl\u00e9e")
    group.expense(description="Tea", paidBy=jose, note="creme")
    for query in (
        "caf\u00e9",
        "cafe\u0301",
        "M\u00dcLLER",
        "mu\u0308ller caf\u00e9",
        "cafe",
        "muller",
    ):
        assert found(group, query) == both, query
    for query in ("MULLER cafe", "caf", "zoe", "ZO\u00cb", "zoe\u0308"):
        assert found(group, query) == both, query
    for query in ("S\u00e3o", "sa\u0303o", "pa\u00fclo", "sao jose"):
        assert found(group, query) == ["Sao Paulo"], query
    for query in ("creme", "cr\u00e8me", "CRE\u0300ME"):
        assert found(group, query) == ["Dinner", "Tea"], query
    assert found(group, "brulee") == ["Dinner"]
    for query in ("jose", "jos\u00e9", "jose\u0301"):
        assert found(group, query) == ["Dinner", "Sao Paulo", "Tea"], query
    stored = [expense["description"] for expense in group.get("/expenses")["expenses"]]
    assert set(both) < set(stored)


def test_the_rest_of_the_search_and_tags_are_as_before(evenly: Evenly) -> None:
    group = evenly.group()
    group.expense(description="Taxi Airport", note="late")
    group.expense(description="Taxi", date="2023-05-06", currency="USD")
    expected = {
        "": ["Taxi", "Taxi Airport"],
        "port TAXI": ["Taxi Airport"],
        "taxi late": ["Taxi Airport"],
        "usd": ["Taxi"],
        "2023-05": ["Taxi"],
        "taxi bus": [],
        "tax1": [],
    }
    assert {query: found(group, query) for query in expected} == expected

    budget = {"tag": "caf\u00e9", "currency": "EUR", "amount": 5000}
    answer = group.send("PUT", "/budgets", body=budget)
    assert answer.status_code == 200, answer.text
    assert answer.json()["tag"] == "caf\u00e9"
    for tag, amount in (("caf\u00e9", 100), ("CAF\u00c9", 20), ("cafe", 3)):
        group.expense(note=f"#{tag}", amount=amount, date="2024-04-01")
    month = group.get("/summary", month="2024-04")
    assert [each["spent"] for each in month["budgets"]] == [120]
    assert month["currencies"][0]["tags"] == {"caf\u00e9": 120, "cafe": 3}
    assert len(found(group, "#cafe")) == 3
