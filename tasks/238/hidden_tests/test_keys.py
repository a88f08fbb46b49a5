"""Requests with an Idempotency-Key, sent again in every way that a bad connection knows."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from evenly import Answer, Evenly, Group
from playwright.sync_api import Page, Route, expect

JSON = {"content-type": "application/json"}
CSV = {"content-type": "text/csv"}
REPLAYED = "idempotency-replayed"
DOCUMENT = "/api/groups"
"""JSON of the server, without a script of the page: from here, requests are the browser's own."""
# The page sends all at the same time; an answer to a request that it gave up on is null.
TOGETHER = """(requests) => Promise.all(requests.map(async ({ url, headers, body, giveUp }) => {
    const control = new AbortController();
    const sent = fetch(url, { method: 'POST', headers, body, signal: control.signal });
    setTimeout(() => control.abort(), giveUp ?? 30_000);
    try {
        const answer = await sent;
        const text = await answer.text();
        return { status: answer.status, headers: Object.fromEntries(answer.headers), text };
    } catch (error) {
        if (giveUp === null) throw error;
        return null;
    }
}))"""


def request(group: Group, path: str, body: object, key: str, give_up: int | None = None) -> dict:
    """A request for `TOGETHER`; with `give_up`, one that is aborted after so many milliseconds."""
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {**(CSV if isinstance(body, str) else JSON), "idempotency-key": key}
    url = f"/api/groups/{group.id}{path}" if path.startswith("/") else f"/api/{path}"
    return {"url": url, "headers": headers, "body": text, "giveUp": give_up}


def together(page: Page, *requests: dict) -> list[Answer]:
    found = page.evaluate(TOGETHER, list(requests))
    return [Answer(each["status"], each["headers"], each["text"]) for each in found if each]


def keyed(group: Group, path: str, body: object, key: str) -> Answer:
    [answer] = together(group.page, request(group, path, body, key))
    return answer


def is_first(answer: Answer, status: int = 201) -> None:
    """The request has been carried out."""
    assert answer.status_code == status, answer.text
    assert REPLAYED not in answer.headers


def is_again(answer: Answer, first: Answer) -> None:
    """The answer to a repeated request."""
    assert answer.status_code == first.status_code, answer.text
    assert answer.json() == first.json()
    assert answer.headers[REPLAYED] == "true"


def is_refused(answer: Answer, status: int = 422) -> None:
    assert answer.status_code == status, answer.text
    assert REPLAYED not in answer.headers


def carried_out_once(answers: list[Answer], status: int = 201) -> Answer:
    """All have the same answer, and all but one say that it is an earlier one."""
    [first] = [answer for answer in answers if REPLAYED not in answer.headers]
    is_first(first, status)
    for answer in answers:
        if answer is not first:
            is_again(answer, first)
    return first


def total(group: Group) -> int:
    return group.get("/expenses")["total"]


def groups_named(evenly: Evenly, name: str) -> int:
    groups = evenly.send("GET", "/groups").json()["groups"]
    return [group["name"] for group in groups].count(name)


class Hanging:
    """Requests that a page has begun to send, and does not get on with."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def send(self, *requests: dict) -> None:
        self.page.evaluate(f"(requests) => {{ window.answers = ({TOGETHER})(requests) }}", requests)

    def answers(self) -> list[Answer]:
        found = self.page.evaluate("window.answers")
        return [Answer(each["status"], each["headers"], each["text"]) for each in found]


@contextmanager
def hanging(evenly: Evenly, *requests: dict) -> Iterator[Hanging]:
    """A second page on a train: what it sends hangs, half-sent, until the end of the block."""
    page = evenly.page.context.new_page()
    page.goto(DOCUMENT)
    session = page.context.new_cdp_session(page)
    network = {"offline": False, "latency": 0, "downloadThroughput": -1}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {**network, "uploadThroughput": 1})
    hung = Hanging(page)
    hung.send(*requests)
    for _ in range(5):  # By now the server has got the beginning of them.
        evenly.send("GET", "/groups")
    yield hung
    session.send("Network.emulateNetworkConditions", {**network, "uploadThroughput": -1})


def test_an_answer_that_got_lost_is_given_again(evenly: Evenly, page: Page) -> None:
    group = evenly.group()
    lost = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST" or lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort("connectionreset")

    group.open("/expenses/new")
    page.route("**/api/groups/*/expenses", lose_the_first)
    page.get_by_label("Description").fill("Taxi")
    page.get_by_label("Amount", exact=True).fill("12.50")
    page.get_by_label("Date").fill("2024-03-01")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button", name="Save").click()
    assert answered.value.status == 201
    assert answered.value.headers[REPLAYED] == "true"
    assert lost == [201]
    expect(page.get_by_role("link", name="Taxi")).to_have_count(1)
    waiting = page.get_by_role("list", name="Waiting to be sent")
    expect(waiting.get_by_role("listitem")).to_have_count(0)
    page.unroute("**/api/groups/*/expenses")

    page.goto(DOCUMENT)
    for number in range(12):
        fields = group.fields(description=f"Round {number}")
        sent = request(group, "/expenses", fields, uuid.uuid4().hex)
        together(page, {**sent, "giveUp": number})
        assert [together(page, sent)[0].status_code for _ in range(2)] == [201, 201]
    made = sorted(expense["description"] for expense in group.get("/expenses")["expenses"])
    assert made == sorted(["Taxi", *(f"Round {number}" for number in range(12))])


def test_a_request_that_hung_arrives_after_its_repetition(evenly: Evenly) -> None:
    evenly.page.goto(DOCUMENT)
    group, name = evenly.group(), f"Trip {uuid.uuid4().hex}"
    expense = request(group, "/expenses", group.fields(), "slow")
    other = request(group, "/expenses", group.fields(amount=5), "slow")
    new_group = request(group, "groups", {"name": name, "currency": "EUR"}, uuid.uuid4().hex)
    with hanging(evenly, expense, other, new_group) as hung:
        first, made = (together(group.page, each)[0] for each in (expense, new_group))
        is_first(first)
        is_first(made)
        is_again(together(group.page, expense)[0], first)
    again, refused, group_again = hung.answers()
    is_again(again, first)
    is_refused(refused)
    is_again(group_again, made)
    assert [each["amount"] for each in group.get("/expenses")["expenses"]] == [1000]
    assert groups_named(evenly, name) == 1


def test_many_at_the_same_time(evenly: Evenly, page: Page) -> None:
    page.goto(DOCUMENT)
    group = evenly.group()
    carried_out_once(together(page, *[request(group, "/expenses", group.fields(), "all")] * 24))
    assert total(group) == 1

    rows = "".join(f"2024-03-01,Coffee {number},2.50,Ana\n" for number in range(50))
    text = f"date,description,amount,paid by,remark\n{rows}2024-03-01,Tea,2,Ana,{'x' * 900_000}\n"
    first = carried_out_once(together(page, *[request(group, "/import", text, "bank")] * 6), 200)
    assert first.json()["imported"] == 51
    assert total(group) == 52

    backup, name = group.get("/backup.json"), f"Copy {uuid.uuid4().hex}"
    backup["groups"][0]["name"] = name
    backup["remark"] = "x" * 1_000_000
    sent = request(group, "groups/restore", backup, uuid.uuid4().hex)
    carried_out_once(together(page, *[sent] * 6))
    assert groups_named(evenly, name) == 1


def test_the_first_answer_outlives_a_change(evenly: Evenly, page: Page) -> None:
    page.goto(DOCUMENT)
    group = evenly.group()
    fields = group.fields(description="Taxi")
    first = keyed(group, "/expenses", fields, "1")
    is_first(first)
    path = f"/expenses/{first.json()['id']}"
    group.open(path)
    page.get_by_label("Amount", exact=True).fill("0.77")
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("link", name="Taxi")
    expect(row).to_contain_text("€0.77")
    page.goto(DOCUMENT)
    is_again(keyed(group, "/expenses", fields, "1"), first)
    assert group.get(path)["amount"] == 77
    group.open()
    row.click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No expenses yet")).to_be_visible()
    page.goto(DOCUMENT)
    is_again(keyed(group, "/expenses", fields, "1"), first)
    group.open()
    expect(page.get_by_text("No expenses yet")).to_be_visible()


def test_a_refused_request_does_not_use_up_its_key(evenly: Evenly) -> None:
    evenly.page.goto(DOCUMENT)
    group = evenly.group("Ana")
    is_refused(keyed(group, "/expenses", group.fields(currency="EURO"), "1"))
    headers = {"idempotency-key": "1", **JSON}
    is_refused(group.send("POST", "/expenses", data="{", headers=headers), 400)
    headers["content-type"] = "text/plain"
    is_refused(group.send("POST", "/expenses", data="{}", headers=headers), 415)
    first = keyed(group, "/expenses", group.fields(), "1")
    is_first(first)
    is_again(keyed(group, "/expenses", group.fields(), "1"), first)
    assert total(group) == 1

    for _ in range(2):
        is_refused(keyed(group, "/members", {"name": "Ana"}, "m"))
    renamed = group.send("PATCH", f"/members/{group.ids[0]}", body={"name": "Anna"})
    assert renamed.status_code == 200
    is_first(keyed(group, "/members", {"name": "Ana"}, "m"))
    is_refused(keyed(group, "/import", "date,description\n", "bank"))
    text = "date,description,amount,paid by\n2024-03-01,Coffee,2.50,Anna\n"
    assert keyed(group, "/import", text, "bank").json()["imported"] == 1


def test_a_key_belongs_to_its_address_and_body(evenly: Evenly) -> None:
    evenly.page.goto(DOCUMENT)
    group, two = evenly.group(), evenly.group()
    first = keyed(group, "/expenses", group.fields(), "1")
    is_first(first)
    for other in (group.fields(amount=1001), group.fields(note="x"), group.fields(amount=0)):
        is_refused(keyed(group, "/expenses", other, "1"))
    is_again(keyed(group, "/expenses", group.fields(), "1"), first)
    expense = keyed(two, "/expenses", two.fields(), "1")
    member = keyed(two, "/members", {"name": "Chiara"}, "1")
    is_first(expense)
    is_first(member)
    assert (expense.json()["paidBy"], member.json()["name"]) == (two.ids[0], "Chiara")
    is_again(keyed(two, "/members", {"name": "Chiara"}, "1"), member)
    is_again(keyed(two, "/expenses", two.fields(), "1"), expense)
    assert (total(group), total(two)) == (1, 1)

    for key in ("2", "A", "a"):
        is_first(keyed(group, "/expenses", group.fields(), key))
    for _ in range(2):
        is_first(group.send("POST", "/expenses", body=group.fields()))
    for key in ("", "two words", "k" * 201, "sch\u00f6n"):
        is_refused(keyed(group, "/expenses", group.fields(), key), 400)
    for key in ("k" * 200, "!~", "0"):
        is_first(keyed(group, "/expenses", group.fields(), key))
    assert total(group) == 9


def test_every_creation_is_carried_out_once(evenly: Evenly) -> None:
    evenly.page.goto(DOCUMENT)
    group, key = evenly.group(), uuid.uuid4().hex
    payer, receiver = group.ids
    expense = group.expense()
    backup: dict[str, Any] = group.get("/backup.json")
    backup["groups"][0]["name"] = f"Copy {key}"
    payment = {"from": payer, "to": receiver, "amount": 5, "currency": "EUR", "date": "2024-03-01"}
    rule = {"every": "month", "start": "2024-01-15", "expense": group.fields()}
    for path, fields, other in (
        ("/payments", payment, {**payment, "amount": 6}),
        ("/recurring", rule, {**rule, "every": "week"}),
        ("/members", {"name": "Chiara"}, {"name": "Dora"}),
        ("groups", {"name": f"Trip {key}", "currency": "EUR"}, {"name": "X", "currency": "EUR"}),
        ("groups/restore", backup, {**backup, "budgets": [], "expenses": []}),
    ):
        first = keyed(group, path, fields, key)
        is_first(first)
        is_again(keyed(group, path, fields, key), first)
        is_refused(keyed(group, path, other, key))
    assert len(group.get("/payments")["payments"]) == 1
    assert len(group.get("/recurring")["recurring"]) == 1
    assert len(group.get()["members"]) == 3
    assert groups_named(evenly, f"Trip {key}") == groups_named(evenly, f"Copy {key}") == 1

    text = "date,description,amount,paid by\n2024-03-01,Coffee,2.50,Ana\n2024-03-01,Tea,x,Ana\n"
    first = keyed(group, "/import", text, key)
    is_first(first, 200)
    assert first.json()["imported"] == 1
    is_again(keyed(group, "/import", text, key), first)
    is_refused(keyed(group, "/import", f"{text}2024-03-02,Cake,3,Ana\n", key))
    made = {each["description"] for each in group.get("/expenses")["expenses"]}
    assert (total(group), made) == (2, {expense["description"], "Coffee"})
