"""Requests with an Idempotency-Key, sent again in every way that a bad connection knows."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import requests

SECONDS = 5
REPLAYED = "Idempotency-Replayed"


class Group:
    """A group of this test's own, and what the API can do with it."""

    def __init__(self, app_url: str, *names: str, currency: str = "EUR", name: str = "Trip") -> None:
        fields = {"name": name, "currency": currency, "members": list(names or ("Ana", "Bruno"))}
        answer = requests.post(f"{app_url}/api/groups", json=fields, timeout=SECONDS)
        assert answer.status_code == 201, answer.text
        self.url = f"{app_url}/api/groups/{answer.json()['id']}"
        self.ids = [member["id"] for member in answer.json()["members"]]

    def send(self, method: str, path: str, **more: object) -> requests.Response:
        return requests.request(method, self.url + path, timeout=SECONDS, **more)

    def get(self, path: str = "", **query: object) -> dict:
        answer = self.send("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def made(self, path: str, fields: dict) -> dict:
        answer = self.send("POST", path, json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def fields(self, **more: object) -> dict:
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

    def keyed(self, path: str, fields: dict, key: str) -> requests.Response:
        return self.send("POST", path, json=fields, headers={"idempotency-key": key})

    def total(self) -> int:
        return self.get("/expenses")["total"]

    def bring_in(self, text: str, **headers: str) -> requests.Response:
        headers = {"content-type": "text/csv", **headers}
        return self.send("POST", "/import", data=text.encode(), headers=headers)


class HalfSent:
    """A request of which the server has the head and half of the body."""

    def __init__(self, url: str, fields: dict, key: str) -> None:
        parts = urlsplit(url)
        body = json.dumps(fields).encode()
        self.rest = body[len(body) // 2 :]
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=SECONDS)
        self.connection.putrequest("POST", parts.path)
        for name, value in (
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("idempotency-key", key),
            ("expect", "100-continue"),
        ):
            self.connection.putheader(name, value)
        self.connection.endheaders()
        # "100 Continue" says that the server is at work on the request.
        said = b""
        while not said.endswith(b"\r\n\r\n"):
            said += self.connection.sock.recv(1)
        assert b" 100 " in said
        self.connection.send(body[: len(body) // 2])

    def finish(self) -> tuple[int, str | None, dict]:
        self.connection.send(self.rest)
        with closing(self.connection):
            answer = self.connection.getresponse()
            return answer.status, answer.getheader(REPLAYED), json.loads(answer.read())

    def vanish(self) -> None:
        """Send the rest and be gone before the answer."""
        self.connection.send(self.rest)
        hard = struct.pack("ii", 1, 0)
        self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hard)
        self.connection.close()


def again(answer: requests.Response, first: requests.Response) -> None:
    """What the answer to a repeated request has to be."""
    assert answer.status_code == first.status_code, answer.text
    assert answer.json() == first.json()
    assert answer.headers[REPLAYED] == "true"


def test_a_repeated_request_is_carried_out_once(app_url: str) -> None:
    group = Group(app_url)
    first = group.keyed("/expenses", group.fields(), "a-1")
    assert first.status_code == 201
    assert REPLAYED not in first.headers
    for _ in range(3):
        again(group.keyed("/expenses", group.fields(), "a-1"), first)
    assert group.total() == 1


def test_an_answer_that_got_lost_is_given_again(app_url: str) -> None:
    group = Group(app_url)
    for number in range(20):
        fields = group.fields(description=f"Round {number}")
        key = uuid.uuid4().hex
        HalfSent(f"{group.url}/expenses", fields, key).vanish()
        assert group.keyed("/expenses", fields, key).status_code == 201
        assert group.keyed("/expenses", fields, key).status_code == 201
    made = [expense["description"] for expense in group.get("/expenses")["expenses"]]
    assert sorted(made) == sorted(f"Round {number}" for number in range(20))


def test_a_request_that_hung_arrives_after_its_repetition(app_url: str) -> None:
    group = Group(app_url)
    hung = HalfSent(f"{group.url}/expenses", group.fields(), "slow")
    first = group.keyed("/expenses", group.fields(), "slow")
    assert first.status_code == 201
    assert REPLAYED not in first.headers
    assert hung.finish() == (201, "true", first.json())
    assert group.total() == 1


def test_several_that_hung_arrive_after_each_other(app_url: str) -> None:
    group = Group(app_url)
    url = f"{group.url}/expenses"
    hung = [HalfSent(url, group.fields(), "slow") for _ in range(4)]
    answers = [each.finish() for each in reversed(hung)]
    assert [answer[0] for answer in answers] == [201] * 4
    assert [answer[1] for answer in answers] == [None, "true", "true", "true"]
    assert all(answer[2] == answers[0][2] for answer in answers)
    assert group.total() == 1


def test_a_request_that_hangs_for_ever_holds_up_nothing(app_url: str) -> None:
    group = Group(app_url)
    hung = HalfSent(f"{group.url}/expenses", group.fields(), "slow")
    first = group.keyed("/expenses", group.fields(), "slow")
    again(group.keyed("/expenses", group.fields(), "slow"), first)
    hung.connection.close()
    assert group.total() == 1


def test_many_at_the_same_time(app_url: str) -> None:
    group = Group(app_url)

    def send(_: int) -> requests.Response:
        return group.keyed("/expenses", group.fields(), "crowd")

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(send, range(48)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum(REPLAYED not in answer.headers for answer in answers) == 1
    assert group.total() == 1


def test_the_first_answer_outlives_a_change(app_url: str) -> None:
    group = Group(app_url)
    first = group.keyed("/expenses", group.fields(), "1")
    path = f"/expenses/{first.json()['id']}"
    assert group.send("PUT", path, json=group.fields(amount=77)).status_code == 200
    again(group.keyed("/expenses", group.fields(), "1"), first)
    assert group.get(path)["amount"] == 77
    assert group.send("DELETE", path).status_code == 204
    again(group.keyed("/expenses", group.fields(), "1"), first)
    assert group.total() == 0


def test_a_refused_request_can_be_corrected(app_url: str) -> None:
    group = Group(app_url)
    refused = group.keyed("/expenses", group.fields(currency="EURO"), "1")
    assert refused.status_code == 422
    first = group.keyed("/expenses", group.fields(), "1")
    assert first.status_code == 201
    assert REPLAYED not in first.headers
    again(group.keyed("/expenses", group.fields(), "1"), first)
    assert group.total() == 1


def test_a_refused_request_is_looked_at_afresh(app_url: str) -> None:
    group = Group(app_url, "Ana")
    wanted = {"name": "Ana"}
    refused = [group.keyed("/members", wanted, "m") for _ in range(2)]
    assert [answer.status_code for answer in refused] == [422, 422]
    assert all(REPLAYED not in answer.headers for answer in refused)
    renamed = {"name": "Anna"}
    assert group.send("PATCH", f"/members/{group.ids[0]}", json=renamed).status_code == 200
    assert group.keyed("/members", wanted, "m").status_code == 201


def test_what_is_no_json_does_not_use_up_a_key(app_url: str) -> None:
    group = Group(app_url)
    headers = {"idempotency-key": "1", "content-type": "application/json"}
    assert group.send("POST", "/expenses", data="{", headers=headers).status_code == 400
    plain = {**headers, "content-type": "text/plain"}
    assert group.send("POST", "/expenses", data="{}", headers=plain).status_code == 415
    assert group.keyed("/expenses", group.fields(), "1").status_code == 201


def test_a_key_belongs_to_its_group(app_url: str) -> None:
    one, two = Group(app_url), Group(app_url)
    answers = [group.keyed("/expenses", group.fields(), "1") for group in (one, two)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert all(REPLAYED not in answer.headers for answer in answers)
    assert answers[1].json()["paidBy"] == two.ids[0]
    assert (one.total(), two.total()) == (1, 1)
    again(two.keyed("/expenses", two.fields(), "1"), answers[1])


def test_a_key_belongs_to_its_address(app_url: str) -> None:
    group = Group(app_url)
    expense = group.keyed("/expenses", group.fields(), "1")
    member = group.keyed("/members", {"name": "Chiara"}, "1")
    assert (expense.status_code, member.status_code) == (201, 201)
    assert member.json()["name"] == "Chiara"
    again(group.keyed("/members", {"name": "Chiara"}, "1"), member)
    again(group.keyed("/expenses", group.fields(), "1"), expense)


def test_another_request_under_a_used_key_is_refused(app_url: str) -> None:
    group = Group(app_url)
    first = group.keyed("/expenses", group.fields(), "1")
    for other in (group.fields(amount=1001), group.fields(note="x"), group.fields(amount=0)):
        answer = group.keyed("/expenses", other, "1")
        assert answer.status_code == 422
        assert REPLAYED not in answer.headers
    again(group.keyed("/expenses", group.fields(), "1"), first)
    assert group.total() == 1


def test_another_request_that_hung_is_refused(app_url: str) -> None:
    group = Group(app_url)
    hung = HalfSent(f"{group.url}/expenses", group.fields(amount=5), "1")
    first = group.keyed("/expenses", group.fields(), "1")
    assert first.status_code == 201
    assert hung.finish()[:2] == (422, None)
    again(group.keyed("/expenses", group.fields(), "1"), first)
    assert [made["amount"] for made in group.get("/expenses")["expenses"]] == [1000]


def test_every_creation_is_carried_out_once(app_url: str) -> None:
    group = Group(app_url)
    payer, receiver = group.ids
    payment = {"from": payer, "to": receiver, "amount": 5, "currency": "EUR", "date": "2024-03-01"}
    rule = {"every": "month", "start": "2024-01-15", "expense": group.fields()}
    for path, fields in (("/payments", payment), ("/recurring", rule), ("/members", {"name": "Chiara"})):
        first = group.keyed(path, fields, "once")
        assert first.status_code == 201, first.text
        again(group.keyed(path, fields, "once"), first)
        assert group.keyed(path, {**fields, "more": 1}, "once").status_code == 422
    assert len(group.get("/payments")["payments"]) == 1
    assert len(group.get("/recurring")["recurring"]) == 1
    assert len(group.get()["members"]) == 3


def test_groups_are_created_once(app_url: str) -> None:
    key = uuid.uuid4().hex
    url = f"{app_url}/api/groups"
    fields = {"name": f"Trip {key}", "currency": "EUR", "members": ["Ana"]}
    hung = HalfSent(url, fields, key)
    first = requests.post(url, json=fields, headers={"idempotency-key": key}, timeout=SECONDS)
    assert first.status_code == 201
    assert hung.finish() == (201, "true", first.json())
    names = [group["name"] for group in requests.get(url, timeout=SECONDS).json()["groups"]]
    assert names.count(fields["name"]) == 1


def test_groups_are_restored_once(app_url: str) -> None:
    group = Group(app_url)
    group.made("/expenses", group.fields())
    backup = group.get("/backup.json")
    key = uuid.uuid4().hex
    backup["groups"][0]["name"] = f"Copy {key}"
    url, headers = f"{app_url}/api/groups", {"idempotency-key": key}
    first = requests.post(f"{url}/restore", json=backup, headers=headers, timeout=SECONDS)
    assert first.status_code == 201, first.text
    again(requests.post(f"{url}/restore", json=backup, headers=headers, timeout=SECONDS), first)
    names = [each["name"] for each in requests.get(url, timeout=SECONDS).json()["groups"]]
    assert names.count(f"Copy {key}") == 1


def test_an_import_is_carried_out_once(app_url: str) -> None:
    group = Group(app_url)
    text = "date,description,amount,paid by\n2024-03-01,Coffee,2.50,Ana\n2024-03-01,Tea,x,Ana\n"
    first = group.bring_in(text, **{"idempotency-key": "bank-1"})
    assert (first.status_code, first.json()["imported"]) == (200, 1)
    again(group.bring_in(text, **{"idempotency-key": "bank-1"}), first)
    assert group.total() == 1
    other = group.bring_in(text + "2024-03-02,Cake,3,Ana\n", **{"idempotency-key": "bank-1"})
    assert other.status_code == 422
    assert group.total() == 1


def test_an_import_that_was_refused_can_be_corrected(app_url: str) -> None:
    group = Group(app_url)
    key = {"idempotency-key": "bank"}
    assert group.bring_in("date,description\n", **key).status_code == 422
    text = "date,description,amount,paid by\n2024-03-01,Coffee,2.50,Ana\n"
    assert group.bring_in(text, **key).json()["imported"] == 1


def test_keys_have_a_form(app_url: str) -> None:
    group = Group(app_url)
    for key in ("", "two words", "k" * 201, "sch\u00f6n".encode("latin-1")):
        assert group.keyed("/expenses", group.fields(), key).status_code == 400, key
    assert group.total() == 0
    for key in ("k" * 200, "!~", "0"):
        assert group.keyed("/expenses", group.fields(), key).status_code == 201, key


def test_without_a_key_or_with_another_each_counts(app_url: str) -> None:
    group = Group(app_url)
    for key in ("1", "2", "A", "a"):
        assert group.keyed("/expenses", group.fields(), key).status_code == 201
    for _ in range(2):
        assert REPLAYED not in group.send("POST", "/expenses", json=group.fields()).headers
    assert group.total() == 6
