"""A user changes settings without Evenly Cloud, and before signing in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from evenly import CLOUD, Evenly
from playwright.sync_api import Page


def use(page: Page, step: Callable[[str], AbstractContextManager[None]]) -> None:
    with step("Be signed in, and see the settings of the account"):
        Evenly(page).sign_in()
        page.goto("/settings")
        _said(page, "in your account")
    with step("Block Evenly Cloud and open Settings"):
        page.route(f"{CLOUD}/**", lambda route: route.abort())
        page.reload()
        _said(page, "will follow")
    with step("Choose Light, Français and weeks from Saturday"):
        _choose(page)
    with step("Let Evenly Cloud be reached again and open Settings anew"):
        page.goto("about:blank")
        page.unroute(f"{CLOUD}/**")
        page.goto("/settings")
        _said(page, "in your account")
    with step("With a device of which nothing is known, choose the same while signed out"):
        page.evaluate("localStorage.clear()")
        page.reload()
        _choose(page)
    with step("Sign in"):
        page.get_by_label("E-mail").fill("ana@household.example")
        page.get_by_role("button", name="Send code").click()
        page.get_by_label("Code").fill("246810")
        page.get_by_role("button", name="Sign in").click()
        _said(page, "in your account")


def _choose(page: Page) -> None:
    page.get_by_label("Theme").select_option("Light")
    page.get_by_label("Language of numbers and dates").select_option("Français")
    page.get_by_label("First day of the week").select_option("Saturday")


def _said(page: Page, text: str) -> None:
    page.get_by_role("status", name="Where settings are kept").get_by_text(text).wait_for()
