"""Evenly as its users have it, for hidden tests and scripted users: a page, and groups to begin with.

What no screen can do at once (a group with forty expenses) is sent by the browser, in which no script
of the page has a say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page

CLOUD = "https://api.evenly.example/v1"
TOKEN = "tok_0001"
"""Of the session in household.har."""
SECONDS = 20


@dataclass(frozen=True)
class Answer:
    """An answer of Evenly's server."""

    status_code: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


class Evenly:
    """A browser with Evenly open in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.goto("/")

    def send(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        data: str | None = None,
        headers: dict[str, str] | None = None,
        **query: object,
    ) -> Answer:
        """Send a request to Evenly's server: `body` as JSON, or `data` as it is."""
        sent = dict(headers or {})
        if body is not None:
            data = json.dumps(body)
            sent.setdefault("content-type", "application/json")
        url = f"/api{path}?{urlencode(query)}" if query else f"/api{path}"
        answer = self.page.context.request.fetch(
            url, method=method, headers=sent, data=data, timeout=SECONDS * 1000
        )
        return Answer(answer.status, answer.headers, answer.text())

    def group(self, *names: str, currency: str = "EUR", name: str = "Trip") -> Group:
        """Make a group."""
        fields = {"name": name, "currency": currency, "members": list(names or ("Ana", "Bruno"))}
        answer = self.send("POST", "/groups", body=fields)
        assert answer.status_code == 201, answer.text
        return Group(self, answer.json())

    def sign_in(self) -> None:
        """Have the account of the recorded traffic, from the next page on."""
        self.page.evaluate(f"localStorage.setItem('evenly.token', JSON.stringify('{TOKEN}'))")

    def hold_still(self) -> None:
        """Stop the page's clock from the next page on: it fetches nothing again by itself."""
        self.page.clock.install(time="2024-06-01T10:00:00Z")
        self.page.clock.pause_at("2024-06-01T12:00:00Z")


class Group:
    """A group of a test's own."""

    def __init__(self, evenly: Evenly, made: dict[str, Any]) -> None:
        self.evenly = evenly
        self.id: str = made["id"]
        self.name: str = made["name"]
        self.ids: list[str] = [member["id"] for member in made["members"]]

    @property
    def page(self) -> Page:
        return self.evenly.page

    def open(self, screen: str = "") -> None:
        """Go to a screen of the group: its expenses, or such as ``/balances``."""
        self.page.goto(f"/groups/{self.id}{screen}")

    def send(self, method: str, path: str, **more: Any) -> Answer:
        return self.evenly.send(method, f"/groups/{self.id}{path}", **more)

    def get(self, path: str = "", **query: object) -> dict[str, Any]:
        answer = self.send("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def made(self, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        answer = self.send("POST", path, body=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def fields(self, **more: object) -> dict[str, Any]:
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

    def expense(self, **more: object) -> dict[str, Any]:
        """Make an expense."""
        return self.made("/expenses", self.fields(**more))
