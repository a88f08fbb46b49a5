"""Expenses that are saved while the server is away, is slow, or its answers get lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from evenly import Evenly, Group
from playwright.sync_api import (
    BrowserContext,
    Error,
    Locator,
    Page,
    Request,
    Response,
    Route,
    expect,
)

API = "**/api/**"
EXPENSES = re.compile(r"/api/groups/[^/]+/expenses$")
AWAY = "The server cannot be reached. New expenses are kept here until it is back."
SENT = "A waiting expense has been sent"


def banner(page: Page) -> Locator:
    return page.get_by_role("status", name="Connection")


def waiting(page: Page) -> Locator:
    """What is kept for the group that is shown."""
    return page.get_by_role("list", name="Waiting to be sent").get_by_role("listitem")


def expect_waiting(page: Page, *texts: str) -> None:
    """Expect items with these texts, in this order, and no others."""
    expect(waiting(page)).to_have_text([re.compile(re.escape(text)) for text in texts])


def cut(where: Page | BrowserContext) -> None:
    where.route(API, lambda route: route.abort())


def save(
    page: Page, description: str, amount: str, paid_by: str = "Ana", without: str = ""
) -> None:
    """Save a new expense, from the screen with a group's expenses."""
    page.get_by_role("link", name="Add expense").click()
    page.get_by_label("Description").fill(description)
    page.get_by_role("textbox", name="Amount", exact=True).fill(amount)
    page.get_by_label("Paid by").select_option(paid_by)
    page.get_by_label("Date").fill("2024-03-01")
    if without:
        page.get_by_role("checkbox", name=without).uncheck()
    page.get_by_role("button", name="Save").click()


def keep(page: Page, description: str, *more: str, **other: str) -> None:
    """Save a new expense that will have to wait."""
    save(page, description, *more, **other)
    expect(page.get_by_text(f"“{description}” is waiting to be sent").last).to_be_visible()
    expect(page.get_by_role("heading", level=1, name="Trip")).to_be_visible()


def try_again(page: Page) -> None:
    """Press the button, unless the page has found out by itself in the meantime."""
    with suppress(Error):
        page.get_by_role("button", name="Try again").click(timeout=2000)


def answered(page: Page) -> list[str]:
    """What gets an answer from now on, by its description."""
    found: list[str] = []

    def note(response: Response) -> None:
        if is_post(response):
            found.append(response.request.post_data_json["description"])

    page.on("response", note)
    return found


def on_posts(where: Page, handle: Callable[[Route], None]) -> None:
    """Handle what would create an expense; everything else gets through."""

    def decide(route: Route) -> None:
        if route.request.method == "POST":
            handle(route)
        else:
            route.continue_()

    where.route(EXPENSES, decide)


def is_post(event: Request | Response) -> bool:
    request = event.request if isinstance(event, Response) else event
    return request.method == "POST" and EXPENSES.search(request.url) is not None


def made(group: Group) -> list[tuple[str, int]]:
    """What the group has, as its server says."""
    found = group.get("/expenses")["expenses"]
    return sorted((expense["description"], expense["amount"]) for expense in found)


def test_saved_without_a_connection(page: Page, evenly: Evenly) -> None:
    group = evenly.group()
    old = group.expense()
    group.open()
    expect(page.get_by_role("link", name="Dinner €10.00")).to_be_visible()
    expect(banner(page)).to_be_hidden()
    page.context.set_offline(True)
    keep(page, "Taxi", "12,50")
    expect(waiting(page)).to_have_count(1)
    for text in ("Taxi", "€12.50", "Waiting to be sent"):
        expect(waiting(page)).to_contain_text(text)
    expect(page.get_by_role("heading", name="Waiting to be sent")).to_be_visible()
    expect(banner(page)).to_contain_text(AWAY)
    expect(banner(page)).to_contain_text("1 expense waiting to be sent.")
    keep(page, "Coffee", "3")
    keep(page, "Coffee", "3")
    expect_waiting(page, "Taxi", "Coffee", "Coffee")
    expect(banner(page)).to_contain_text("3 expenses waiting to be sent.")
    expect(page.get_by_role("button", name="Discard")).to_have_count(0)
    expect(page.get_by_text("1 expense", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Balances")).to_contain_text("Ana is owed €5.00")

    page.get_by_role("link", name="Dinner €10.00").click()
    page.get_by_label("Description").fill("Supper")
    page.get_by_role("button", name="Save").click()
    form = page.get_by_role("form", name="Expense")
    expect(form.get_by_text("The server cannot be reached")).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value("Supper")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Dismiss")).to_have_count(0)
    expect(waiting(page)).to_have_count(3)

    sent = answered(page)
    page.get_by_role("button", name="Try again").click()
    expect(banner(page)).to_contain_text(AWAY)
    page.context.set_offline(False)
    try_again(page)
    expect(waiting(page)).to_have_count(0)
    expect(page.get_by_role("heading", name="Waiting to be sent")).to_have_count(0)
    expect(banner(page)).to_be_hidden()
    expect(page.get_by_role("link", name=re.compile("^Coffee"))).to_have_count(2)
    expect(page.get_by_role("link", name="Taxi €12.50")).to_be_visible()
    expect(page.get_by_text(SENT).first).to_be_visible()
    assert sent == ["Taxi", "Coffee", "Coffee"]
    assert made(group) == [("Coffee", 300)] * 2 + [("Dinner", 1000), ("Taxi", 1250)]
    assert group.get(f"/expenses/{old['id']}")["version"] == 1


def test_the_page_finds_out_by_itself(page: Page, evenly: Evenly) -> None:
    group = evenly.group()
    group.open()
    cut(page)
    keep(page, "Taxi", "12.50")
    page.reload()
    expect(banner(page)).to_contain_text(AWAY)
    expect(banner(page)).to_contain_text("1 expense waiting to be sent.")
    expect(page.get_by_role("heading", name="This group cannot be shown")).to_be_visible()
    expect(page.get_by_role("button", name="Dismiss")).to_have_count(0)
    page.unroute(API)
    expect(page.get_by_role("heading", name="Trip")).to_be_visible(timeout=20_000)
    expect(banner(page)).to_be_hidden()
    expect(page.get_by_role("link", name="Taxi €12.50")).to_be_visible()
    expect(waiting(page)).to_have_count(0)
    assert made(group) == [("Taxi", 1250)]


def test_kept_until_the_browser_is_back(page: Page, evenly: Evenly) -> None:
    group, other = evenly.group(), evenly.group("Chiara", name="Other")
    group.open()
    cut(page.context)
    keep(page, "Taxi", "12.50")
    keep(page, "Tea", "2")
    page.close()
    later = page.context.new_page()
    later.goto(f"/groups/{other.id}")
    expect(banner(later)).to_contain_text("2 expenses waiting to be sent.")
    later.context.unroute(API)
    try_again(later)
    expect(later.get_by_role("heading", name="Other")).to_be_visible()
    expect(later.get_by_text(SENT)).to_have_count(2)
    expect(waiting(later)).to_have_count(0)
    evenly.page = later
    assert made(group) == [("Taxi", 1250), ("Tea", 200)]
    assert made(other) == []


def test_answers_that_get_lost(page: Page, evenly: Evenly) -> None:
    group = evenly.group()
    group.open()
    lost: list[int] = []

    def lose(route: Route) -> None:
        with suppress(Error):  # as the page may have been left in the meantime
            lost.append(route.fetch().status)
            route.abort()

    on_posts(page, lose)
    keep(page, "Taxi", "12.50")
    keep(page, "Tea", "2")
    with page.expect_event("requestfailed", is_post):
        page.reload()
    expect_waiting(page, "Taxi", "Tea")
    assert set(lost) == {201}
    assert made(group) == [("Taxi", 1250), ("Tea", 200)]
    (tea,) = [one for one in group.get("/expenses")["expenses"] if one["description"] == "Tea"]
    assert group.send("DELETE", f"/expenses/{tea['id']}").status_code == 204
    assert len(lost) < 40
    page.unroute(EXPENSES)
    page.reload()
    expect(page.get_by_role("link", name="Taxi €12.50")).to_have_count(1)
    expect(waiting(page)).to_have_count(0)
    assert made(group) == [("Taxi", 1250)]


def test_what_the_server_refuses(
    page: Page, evenly: Evenly, new_context: Callable[..., BrowserContext]
) -> None:
    group = evenly.group("Ana", "Bruno", "Chiara")
    group.open()
    page.context.set_offline(True)
    keep(page, "Taxi", "12.50", "Chiara")
    keep(page, "Tea", "2", without="Chiara")
    elsewhere = Evenly(new_context().new_page())
    path = f"/groups/{group.id}/members/{group.ids[2]}"
    assert elsewhere.send("PATCH", path, body={"archived": True}).status_code == 200
    page.context.set_offline(False)
    try_again(page)
    refused = "Not accepted: Some fields are not right"
    expect_waiting(page, refused)
    expect(page.get_by_role("link", name="Tea €2.00")).to_be_visible()
    discard = page.get_by_role("button", name="Discard")
    expect(discard).to_have_count(1)

    group.open()
    expect_waiting(page, refused)
    page.context.set_offline(True)
    keep(page, "Cake", "4")
    expect_waiting(page, refused, "Waiting to be sent")
    expect(discard).to_have_count(1)
    expect(banner(page)).to_contain_text("1 expense waiting to be sent.")
    sent = answered(page)
    page.context.set_offline(False)
    try_again(page)
    expect(page.get_by_role("link", name="Cake €4.00")).to_be_visible()
    expect_waiting(page, "Taxi")
    expect(banner(page)).to_be_hidden()
    assert sent == ["Cake"]
    discard.click()
    expect(waiting(page)).to_have_count(0)
    page.reload()
    expect(page.get_by_role("link", name="Cake €4.00")).to_be_visible()
    expect(waiting(page)).to_have_count(0)
    assert made(group) == [("Cake", 400), ("Tea", 200)]


def test_a_server_that_has_a_problem(page: Page, evenly: Evenly) -> None:
    group = evenly.group()
    group.open()
    problem = {"status": 503, "json": {"error": "Not now"}}
    on_posts(page, lambda route: route.fulfill(**problem))
    save(page, "Cake", "4")
    expect(page.get_by_role("form", name="Expense").get_by_text("Not now")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Trip")).to_be_visible()
    expect(waiting(page)).to_have_count(0)

    cut(page)
    keep(page, "Taxi", "12.50")
    keep(page, "Tea", "2")
    with page.expect_response(is_post):
        page.unroute(API)
        try_again(page)
    expect(banner(page)).to_be_hidden()
    for status in (429, 408, 500):
        expect_waiting(page, "Waiting to be sent", "Waiting to be sent")
        problem["status"] = status
        with page.expect_response(is_post):
            page.reload()
    expect_waiting(page, "Waiting to be sent", "Waiting to be sent")
    expect(page.get_by_role("button", name="Discard")).to_have_count(0)
    assert made(group) == []
    page.unroute(EXPENSES)
    page.reload()
    expect(page.get_by_role("link", name="Tea €2.00")).to_be_visible()
    expect(waiting(page)).to_have_count(0)
    assert made(group) == [("Taxi", 1250), ("Tea", 200)]


def test_two_tabs(page: Page, evenly: Evenly) -> None:
    group = evenly.group()
    group.open()
    second = page.context.new_page()
    second.goto(f"/groups/{group.id}")
    tabs = (page, second)
    for tab in tabs:
        expect(tab.get_by_role("heading", name="Trip")).to_be_visible()
    cut(page.context)
    keep(page, "Taxi", "12.50")
    expect_waiting(second, "Taxi")
    keep(second, "Tea", "2")
    for tab in tabs:
        expect_waiting(tab, "Taxi", "Tea")
        expect(banner(tab)).to_contain_text("2 expenses waiting to be sent.")

    cut(second)
    held: list[Route] = []
    released: list[bool] = []
    on_posts(page, lambda route: route.continue_() if released else held.append(route))
    with page.expect_request(is_post):
        page.context.unroute(API)
        try_again(page)
    second.unroute(API)
    try_again(second)
    expect(banner(second)).to_be_hidden()
    released.append(True)
    for route in held:
        route.continue_()
    for tab in tabs:
        expect(waiting(tab)).to_have_count(0)
        expect(banner(tab)).to_be_hidden()
    expect(page.get_by_role("link", name="Taxi €12.50")).to_be_visible()
    expect(page.get_by_role("link", name="Tea €2.00")).to_be_visible()
    assert made(group) == [("Taxi", 1250), ("Tea", 200)]
