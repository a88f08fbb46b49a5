"""Requests with an Idempotency-Key, as the tablet and the scripts send them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from evenly import Answer, Evenly, Group
from playwright.sync_api import Page

# Sends all of them at the same time, and gives up on those that say after how many milliseconds.
SEND = """({ url, body, key, times, giveUp }) => Promise.all(Array.from({ length: times }, () => {
    const control = new AbortController();
    if (giveUp !== null) setTimeout(() => control.abort(), giveUp);
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    const init = { method: 'POST', headers, body: JSON.stringify(body), signal: control.signal };
    return fetch(url, init).catch(() => null);
}))"""


def use(page: Page, step: Callable[[str], AbstractContextManager[None]]) -> None:
    evenly = Evenly(page)

    def send(
        group: Group, key: str, *, times: int = 1, give_up: int | None = None, **more: object
    ) -> None:
        url = f"/api/groups/{group.id}/expenses"
        sent = {
            "url": url,
            "body": group.fields(**more),
            "key": key,
            "times": times,
            "giveUp": give_up,
        }
        page.evaluate(f"async (sent) => {{ await ({SEND})(sent) }}", sent)

    def tell(label: str, answer: Answer) -> None:
        """Write an answer into the page, where a screenshot shows it."""
        said = f"{label}: {answer.status_code} {answer.text}"
        page.evaluate("(said) => document.querySelector('main').append(said)", said)

    group = evenly.group("Ana", "Bruno", name="Tablet")
    with step("Give up on ten expenses before their answers, and send each again with its key"):
        for number in range(10):
            send(group, f"lost-{number}", give_up=number, description=f"Round {number}")
            send(group, f"lost-{number}", description=f"Round {number}")
        group.open()
        page.get_by_role("link", name="Round 9").first.wait_for()
    group = evenly.group("Ana", "Bruno", name="Train")
    with step("Send the same request, with the same key, six times at once"):
        send(group, "train", times=6)
        group.open()
        page.get_by_role("link", name="Dinner").first.wait_for()
    key = {"idempotency-key": "1"}
    with step("Send an expense with a typo in its currency, then corrected, under the same key"):
        wrong = group.send("POST", "/expenses", body=group.fields(currency="EURO"), headers=key)
        tell("With the typo", wrong)
        tell("Corrected", group.send("POST", "/expenses", body=group.fields(), headers=key))
    with step("Send an expense to another group under the same key"):
        other = evenly.group("Chiara", "Dora", name="Other")
        other.open()
        page.get_by_text("No expenses yet").wait_for()
        tell("Other group", other.send("POST", "/expenses", body=other.fields(), headers=key))
    with step("Send another expense to the first group under a used key"):
        group.open()
        page.get_by_role("link", name="Dinner").first.wait_for()
        changed = group.fields(description="Taxi", amount=7700)
        headers = {"idempotency-key": "train"}
        tell("Other expense", group.send("POST", "/expenses", body=changed, headers=headers))
