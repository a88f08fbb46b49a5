"""Settings of the device and of the account: what was changed last is kept.

The account of account.har, which is replayed before household.har, was last changed at 23:30 in
Berlin. The one answer to a PUT that it has is for `CHOSEN`.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from evenly import CLOUD, Evenly
from playwright.sync_api import Error, Page, Request, Response, Route, expect

SETTINGS = f"{CLOUD}/me/settings"
BEFORE, SAME, AFTER = "2024-05-16T21:00:00Z", "2024-05-16T21:30:00Z", "2024-05-16T22:00:00Z"
CHOSEN = {
    "theme": "light",
    "language": "fr",
    "currency": "EUR",
    "weekStart": "saturday",
    "dateFormat": "medium",
}
SYNCED = "Kept on this device and in your account."
WAITING = "Kept on this device. Your account will follow when Evenly Cloud can be reached."


def is_said(page: Page, text: str) -> None:
    expect(page.get_by_role("status", name="Where settings are kept")).to_have_text(text)


def choose(page: Page) -> None:
    page.get_by_label("Theme").select_option("Light")
    page.get_by_label("Language of numbers and dates").select_option("Français")
    page.get_by_label("Date format").select_option("Short: Mar 31, 2024")
    page.get_by_label("Default currency").select_option("EUR")
    page.get_by_label("First day of the week").select_option("Saturday")


def is_change(request: Request) -> bool:
    return request.method == "PUT" and request.url == SETTINGS


def sends_what_was_chosen(request: Request) -> bool:
    return is_change(request) and request.post_data_json == CHOSEN


def keeps_what_was_chosen(page: Page) -> None:
    is_said(page, SYNCED)
    expect(page.get_by_label("Theme")).to_have_value("light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.get_by_label("Default currency")).to_have_value("EUR")
    expect(page.get_by_text("For example")).to_contain_text("31 mars 2024")


def has_week(page: Page, first: str, last: str) -> None:
    page.get_by_role("link", name="Search").click()
    page.get_by_label("Period").select_option("This week")
    expect(page.get_by_label("From", exact=True)).to_have_value(first)
    expect(page.get_by_label("To", exact=True)).to_have_value(last)


def choose_out_of_reach(page: Page) -> None:
    """Choose settings while the cloud cannot be reached, and leave before it can be."""
    page.route(f"{CLOUD}/**", lambda route: route.abort())
    page.goto("/settings")
    choose(page)
    is_said(page, WAITING)
    page.goto("about:blank")
    page.unroute(f"{CLOUD}/**")


def test_a_newer_change_is_kept_and_sent_later(page: Page, evenly: Evenly) -> None:
    page.clock.set_fixed_time(AFTER)
    evenly.sign_in()
    page.goto("/settings")
    is_said(page, SYNCED)
    expect(page.get_by_label("Theme")).to_have_value("dark")
    expect(page.get_by_label("First day of the week")).to_have_value("sunday")
    choose_out_of_reach(page)
    with page.expect_request(sends_what_was_chosen):
        page.goto("/settings")
    keeps_what_was_chosen(page)
    has_week(page, "2024-05-11", "2024-05-17")


@pytest.mark.parametrize("now", [BEFORE, SAME])
def test_a_newer_account_is_taken_over(page: Page, evenly: Evenly, now: str) -> None:
    changes: list[Response] = []
    page.on(
        "response", lambda answer: changes.append(answer) if is_change(answer.request) else None
    )
    page.clock.set_fixed_time(now)
    evenly.sign_in()
    choose_out_of_reach(page)
    page.goto("/settings")
    is_said(page, SYNCED)
    expect(page.get_by_label("Theme")).to_have_value("dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_label("Default currency")).to_have_value("CHF")
    expect(page.get_by_text("For example")).to_contain_text("Sonntag, 31. März 2024")
    has_week(page, "2024-05-12", "2024-05-18")
    assert changes == []


def test_a_change_from_before_signing_in_counts(page: Page, evenly: Evenly) -> None:
    page.clock.set_fixed_time(AFTER)
    page.goto("/settings")
    choose(page)
    is_said(page, "Kept on this device.")
    form = page.get_by_role("region", name="Account")
    form.get_by_label("E-mail").fill("ana@household.example")
    form.get_by_role("button", name="Send code").click()
    form.get_by_label("Code").fill("246810")
    with page.expect_request(sends_what_was_chosen):
        form.get_by_role("button", name="Sign in").click()
    keeps_what_was_chosen(page)
    page.reload()
    keeps_what_was_chosen(page)


def test_a_change_is_not_undone_by_an_answer_under_way(page: Page, evenly: Evenly) -> None:
    page.clock.set_fixed_time(AFTER)
    evenly.sign_in()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "GET":
            held.append(route)
        else:
            route.continue_()

    page.route(SETTINGS, hold)
    with page.expect_request(SETTINGS):
        page.goto("/settings")
    is_said(page, WAITING)
    sent: list[Request] = []
    page.on("request", lambda each: sent.append(each) if sends_what_was_chosen(each) else None)
    choose(page)
    expect(page.get_by_text("For example")).to_contain_text("31 mars 2024")
    page.unroute(SETTINGS)
    assert held
    for asked in held:
        with suppress(Error):  # as the page may have given it up
            asked.continue_()
        asked.request.response()
    keeps_what_was_chosen(page)
    assert sent
    page.reload()
    keeps_what_was_chosen(page)
