"""Saves expenses without a server, and with one whose answer gets lost on the way."""

from contextlib import suppress

from evenly import Evenly
from playwright.sync_api import Error

EXPENSES = "**/api/groups/*/expenses"


def fill_in(page, description, amount):
    page.get_by_role("link", name="Add expense").click()
    page.get_by_label("Description").fill(description)
    page.get_by_role("textbox", name="Amount", exact=True).fill(amount)
    page.get_by_label("Date").fill("2024-03-01")
    page.get_by_role("button", name="Save").click()


def lose(route):
    """Let a request through, but not its answer."""
    if route.request.method == "POST":
        with suppress(Error):  # as the page may have been left in the meantime
            route.fetch()
            route.abort()
    else:
        route.continue_()


def use(page, step):
    with step("Make a group, and open it"):
        group = Evenly(page).group("Ana", "Bruno")
        group.open()
        page.get_by_role("link", name="Add expense").wait_for()
    with step("Lose the connection, enter a taxi of 12.50, and press Save"):
        page.context.set_offline(True)
        fill_in(page, "Taxi", "12.50")
        page.get_by_text("cannot be reached").first.wait_for()
    with step('Get the connection back, and press "Try again" if it is there'):
        page.context.set_offline(False)
        again = page.get_by_role("button", name="Try again")
        if again.count():
            again.click()
    with step("Open the group again"):
        group.open()
        page.get_by_role("link", name="Add expense").wait_for()
    with step("Enter a tea of 2.00, and press Save: it arrives, but the answer is lost"):
        page.route(EXPENSES, lose)
        with page.expect_event("requestfailed"):
            fill_in(page, "Tea", "2")
    with step("Open the group again, on a good line"):
        page.unroute(EXPENSES)
        group.open()
        page.get_by_role("link", name="Tea").first.wait_for()
