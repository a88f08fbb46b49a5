"""What version 1 of the page has left in the browser, and its links."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from evenly import CLOUD, TOKEN, Evenly
from playwright.sync_api import Page, Route, expect

OLD = {
    "theme": "night",
    "locale": "de-AT",
    "currency": "chf",
    "firstDay": 0,
    "dates": "digits",
    "saved": 1717236000,  # 1 June 2024
}
TODAY = {
    "theme": "dark",
    "language": "de",
    "currency": "CHF",
    "weekStart": "sunday",
    "dateFormat": "numeric",
}
DEFAULTS = {
    "theme": "system",
    "language": "en",
    "currency": "EUR",
    "weekStart": "monday",
    "dateFormat": "medium",
}
LABELS = {
    "theme": "Theme",
    "language": "Language of numbers and dates",
    "currency": "Default currency",
    "weekStart": "First day of the week",
    "dateFormat": "Date format",
}


def left(page: Page, **entries: object) -> None:
    """Leave in the browser what version 1 does; a text as it is."""
    page.evaluate(
        "(entries) => { for (const [name, text] of entries) localStorage.setItem(name, text); }",
        [
            [f"evenly-{name}", value if isinstance(value, str) else json.dumps(value)]
            for name, value in entries.items()
        ],
    )


def are_chosen(page: Page, settings: dict[str, str]) -> None:
    for name, label in LABELS.items():
        expect(page.get_by_label(label)).to_have_value(settings[name])


def nothing_is_left(page: Page) -> None:
    assert page.evaluate("Object.keys(localStorage).filter((name) => /^evenly-/.test(name))") == []


def test_settings_are_taken_over_once(evenly: Evenly, page: Page) -> None:
    page.evaluate("localStorage.setItem('other', 'of somebody else')")
    left(page, settings=OLD)
    page.goto("/settings")
    are_chosen(page, TODAY)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_text("31.03.2024")).to_be_visible()
    nothing_is_left(page)
    assert page.evaluate("localStorage.getItem('other')") == "of somebody else"
    page.get_by_label("Theme").select_option("light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.reload()
    are_chosen(page, {**TODAY, "theme": "light"})

    left(page, settings={**OLD, "currency": "sek", "locale": "fr"})
    page.goto("/")
    expect(page.get_by_label("Main currency")).to_have_value("CHF")
    nothing_is_left(page)
    page.goto("/settings")
    are_chosen(page, {**TODAY, "theme": "light"})


def test_settings_are_taken_over_one_by_one(evenly: Evenly, page: Page) -> None:
    odd = {"theme": "sepia", "locale": "pt-BR", "currency": "sek", "firstDay": 6, "saved": "x"}
    some = {"theme": "day", "locale": 7, "currency": "xxx", "firstDay": 2, "dates": "full"}
    for old, today in (
        (odd, {"currency": "SEK", "weekStart": "saturday"}),
        ({**some, "saved": 1717236000}, {"theme": "light", "dateFormat": "long"}),
        ({"locale": "fr", "dates": "iso", "firstDay": 1}, {"language": "fr", "dateFormat": "iso"}),
        ("{", {}),
        ([], {}),
    ):
        page.evaluate("localStorage.clear()")
        left(page, settings=old)
        page.goto("/settings")
        are_chosen(page, {**DEFAULTS, **today})
        nothing_is_left(page)


@pytest.mark.parametrize("saved", [1714557600, 1717236000], ids=["in-may", "in-june"])
def test_whoever_was_signed_in_still_is(evenly: Evenly, page: Page, saved: int) -> None:
    account = {**DEFAULTS, "language": "fr", "theme": "light"}
    sent: list[dict[str, Any]] = []
    tokens: set[str | None] = set()

    def answer(route: Route) -> None:
        if route.request.method == "PUT":
            sent.append(route.request.post_data_json)
        tokens.add(route.request.headers.get("authorization"))
        told = {"settings": sent[-1] if sent else account, "updatedAt": "2024-05-17T09:00:07Z"}
        route.fulfill(json=told, headers={"access-control-allow-origin": "*"})

    left(page, settings={**OLD, "saved": saved}, token=TOKEN)
    page.route(f"{CLOUD}/me/settings", answer)
    page.goto("/settings")
    expect(page.get_by_text("ana@household.example")).to_be_visible()
    kept = page.get_by_role("status", name="Where settings are kept")
    expect(kept).to_have_text("Kept on this device and in your account.")
    device_counts = saved == OLD["saved"]
    are_chosen(page, TODAY if device_counts else account)
    assert sent == ([TODAY] if device_counts else [])
    nothing_is_left(page)

    left(page, token="tok_of_version_1")
    page.reload()
    expect(page.get_by_text("ana@household.example")).to_be_visible()
    expect(kept).to_have_text("Kept on this device and in your account.")
    assert tokens == {f"Bearer {TOKEN}"}
    nothing_is_left(page)


def test_waiting_expenses_arrive_once(evenly: Evenly, page: Page) -> None:
    group = evenly.group()
    arrived = group.fields(description="Arrived already")
    key = {"idempotency-key": f"{group.id}-1"}
    assert group.send("POST", "/expenses", body=arrived, headers=key).status_code == 201
    waiting = group.fields(description="Waits in version 1")
    refused = group.fields(description="Is refused", amount=0)
    queue = [
        {"id": f"{group.id}-1", "group": group.id, "expense": arrived},
        {"id": f"{group.id}-2", "group": group.id, "expense": waiting},
        None,
        {"id": f"{group.id}-3", "group": group.id},
        {"id": f"{group.id}-4", "group": group.id, "expense": refused},
    ]
    left(page, queue=queue)
    newer = {"key": f"{group.id}-5", "groupId": group.id, "problem": None}
    newer["fields"] = group.fields(description="Waits today")
    text = json.dumps([newer])
    page.evaluate("(text) => localStorage.setItem('evenly.outbox', text)", text)
    group.open()
    for name in ("Arrived already", "Waits in version 1", "Waits today"):
        expect(page.get_by_role("link", name=name)).to_have_count(1)
    left_over = page.get_by_role("list", name="Waiting to be sent").get_by_role("listitem")
    expect(left_over).to_have_count(1)
    expect(left_over).to_contain_text("Is refused")
    expect(left_over).to_contain_text("Not accepted")
    made = sorted(group.get("/expenses")["expenses"], key=lambda each: each["createdAt"])
    names = [each["description"] for each in made]
    assert names == ["Arrived already", "Waits in version 1", "Waits today"]
    nothing_is_left(page)

    for broken in ("{", {"0": queue[0]}):
        left(page, queue=broken)
        group.open()
        expect(page.get_by_role("link", name="Waits today")).to_have_count(1)
        nothing_is_left(page)
    left_over.get_by_role("button", name="Discard").click()
    expect(left_over).to_have_count(0)
    page.reload()
    expect(page.get_by_role("link", name="Waits today")).to_have_count(1)
    assert group.get("/expenses")["total"] == 3


def test_old_links_lead_to_todays_screens(evenly: Evenly, page: Page) -> None:
    group = evenly.group(name="Trip of old")
    expense = group.expense(description="Taxi")
    old, new = f"/g/{group.id}", f"/groups/{group.id}"
    heading = page.get_by_role("heading", level=1)
    links = (
        (old, new, "Trip of old"),
        (f"{old}/balance", f"{new}/balances", "Balances"),
        (f"{old}/pay", f"{new}/settle", "Settle up"),
        (f"{old}/month", f"{new}/overview", "Overview"),
        (f"{old}/new", f"{new}/expenses/new", "New expense"),
        (f"{old}/e/{expense['id']}", f"{new}/expenses/{expense['id']}", "Edit expense"),
        ("/find?q=taxi", "/search?q=taxi", "Search"),
        ("/me", "/settings", "Settings"),
        (f"{new}/overview", f"{new}/overview", "Overview"),
        ("/activity", "/activity", "Activity"),
    )
    page.goto("/search")
    for address, leads_to, title in links:
        page.goto(f"/#{address}")
        expect(heading).to_have_text(title)
        expect(page).to_have_url(leads_to)
    for address, leads_to, title in (links[0], links[5], links[6]):
        page.goto("/activity")
        expect(heading).to_have_text("Activity")
        page.evaluate("(address) => { location.hash = address }", address)
        expect(heading).to_have_text(title)
        expect(page).to_have_url(leads_to)
        page.go_back()
        expect(heading).to_have_text("Activity")
        expect(page).to_have_url(re.compile("/activity$"))
    page.goto("/#/find?q=taxi")
    expect(page.get_by_label("Text")).to_have_value("taxi")
    page.goto("/settings#main")
    expect(heading).to_have_text("Settings")
