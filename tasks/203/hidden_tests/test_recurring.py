"""Rules for recurring expenses: which dates they make, and that they make each once."""

from __future__ import annotations

import requests

SECONDS = 20


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

    def rule(self, start: str, every: str = "month", **more: object) -> dict:
        expense = self.fields(description="Rent")
        del expense["date"]
        fields = {"every": every, "start": start, "expense": expense, **more}
        return self.made("/recurring", fields)

    def change(self, rule: dict, **more: object) -> dict:
        names = ("every", "interval", "start", "until", "paused", "expense")
        fields = {name: rule[name] for name in names} | more
        answer = self.send("PUT", f"/recurring/{rule['id']}", json=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def run(self, up_to: str) -> int:
        answer = self.send("POST", "/recurring/run", json={"upTo": up_to})
        assert answer.status_code == 200, answer.text
        assert answer.json()["complete"] is True
        return answer.json()["created"]

    def dates(self) -> list[str]:
        return sorted(expense["date"] for expense in self.get("/expenses")["expenses"])

    def coming(self) -> list[str]:
        [rule] = self.get("/recurring")["recurring"]
        return rule["next"]

    def remove(self, date: str) -> None:
        [found] = [made for made in self.get("/expenses")["expenses"] if made["date"] == date]
        assert self.send("DELETE", f"/expenses/{found['id']}").status_code == 204


YEAR_OF_31 = [
    *("2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"),
    *("2024-07-31", "2024-08-31", "2024-09-30", "2024-10-31", "2024-11-30", "2024-12-31"),
]


def test_the_31st_stays_the_last_day(app_url: str) -> None:
    group = Group(app_url)
    group.rule("2024-01-31")
    assert group.run("2024-12-31") == 12
    assert group.dates() == YEAR_OF_31


def test_it_makes_no_difference_how_often_it_runs(app_url: str) -> None:
    group = Group(app_url)
    group.rule("2024-01-31")
    for month in range(1, 13):
        assert group.run(f"2024-{month:02}-28") == (0 if month == 1 else 1)
    assert group.run("2024-12-31") == 1
    assert group.dates() == YEAR_OF_31
    assert group.run("2024-12-31") == 0


def test_the_30th_is_the_30th_again_after_february(app_url: str) -> None:
    group = Group(app_url)
    group.rule("2022-12-30")
    group.run("2023-05-01")
    expected = ["2022-12-30", "2023-01-30", "2023-02-28", "2023-03-30", "2023-04-30"]
    assert group.dates() == expected


def test_several_months_at_a_time(app_url: str) -> None:
    group = Group(app_url)
    group.rule("2023-12-31", interval=2)
    group.run("2024-12-31")
    expected = ["2023-12-31", "2024-02-29", "2024-04-30", "2024-06-30", "2024-08-31"]
    assert group.dates() == [*expected, "2024-10-31", "2024-12-31"]


def test_a_leap_day_every_year(app_url: str) -> None:
    group = Group(app_url)
    group.rule("2024-02-29", "year")
    group.run("2028-12-31")
    expected = ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
    assert group.dates() == expected


def test_the_dates_that_are_announced_are_right(app_url: str) -> None:
    group = Group(app_url)
    assert group.rule("2024-01-31")["next"] == ["2024-01-31", "2024-02-29", "2024-03-31"]
    group.run("2024-02-29")
    assert group.coming() == ["2024-03-31", "2024-04-30", "2024-05-31"]


def test_the_announced_dates_are_those_that_will_be_made(app_url: str) -> None:
    group = Group(app_url)
    rule = group.rule("2024-01-15")
    group.run("2024-03-31")
    group.remove("2024-02-15")
    assert group.coming() == ["2024-04-15", "2024-05-15", "2024-06-15"]
    group.change(rule, every="week")
    announced = group.coming()
    assert announced == ["2024-03-18", "2024-03-25", "2024-04-01"]
    group.run(announced[-1])
    assert group.dates() == ["2024-01-15", "2024-03-15", *announced]


def test_what_was_deleted_does_not_come_back(app_url: str) -> None:
    group = Group(app_url)
    group.rule("2024-01-15")
    group.run("2024-04-30")
    group.remove("2024-02-15")
    assert group.run("2024-04-30") == 0
    group.remove("2024-04-15")
    assert group.run("2024-04-30") == 0
    assert group.run("2024-05-31") == 1
    assert group.dates() == ["2024-01-15", "2024-03-15", "2024-05-15"]


def test_nothing_comes_back_when_everything_was_deleted(app_url: str) -> None:
    group = Group(app_url)
    group.rule("2024-01-15")
    group.run("2024-02-15")
    group.remove("2024-01-15")
    group.remove("2024-02-15")
    assert group.run("2024-02-29") == 0
    assert group.run("2024-03-15") == 1
    assert group.dates() == ["2024-03-15"]


def test_an_expense_that_was_moved_is_not_made_again(app_url: str) -> None:
    group = Group(app_url)
    group.rule("2024-01-15")
    group.run("2024-01-31")
    [made] = group.get("/expenses")["expenses"]
    moved = group.fields(description="Rent", date="2023-12-28")
    assert group.send("PUT", f"/expenses/{made['id']}", json=moved).status_code == 200
    assert group.run("2024-02-14") == 0
    assert group.run("2024-02-15") == 1
    assert group.dates() == ["2023-12-28", "2024-02-15"]


def test_a_new_pace_is_for_the_future(app_url: str) -> None:
    group = Group(app_url)
    rule = group.rule("2024-01-01")
    group.run("2024-05-31")
    group.change(rule, every="week", start="2024-01-01")
    assert group.run("2024-05-05") == 0
    assert group.run("2024-05-31") == 4
    assert group.dates()[4:] == ["2024-05-01", "2024-05-06", "2024-05-13", "2024-05-20", "2024-05-27"]


def test_a_new_start_is_for_the_future(app_url: str) -> None:
    group = Group(app_url)
    rule = group.rule("2024-03-10")
    group.run("2024-04-30")
    group.change(rule, start="2023-01-20")
    assert group.run("2024-04-30") == 1
    assert group.run("2024-05-31") == 1
    assert group.dates() == ["2024-03-10", "2024-04-10", "2024-04-20", "2024-05-20"]


def test_a_rule_that_has_made_nothing_starts_at_its_new_start(app_url: str) -> None:
    group = Group(app_url)
    rule = group.rule("2024-03-10")
    assert group.run("2024-03-09") == 0
    group.change(rule, start="2024-01-10")
    assert group.run("2024-03-09") == 2
    assert group.dates() == ["2024-01-10", "2024-02-10"]


def test_a_change_of_the_amount_touches_the_future_alone(app_url: str) -> None:
    group = Group(app_url)
    rule = group.rule("2024-01-31")
    group.run("2024-02-29")
    group.change(rule, expense={**rule["expense"], "amount": 2000})
    assert group.run("2024-04-30") == 2
    made = {each["date"]: each["amount"] for each in group.get("/expenses")["expenses"]}
    amounts = [1000, 1000, 2000, 2000]
    assert [made[date] for date in sorted(made)] == amounts
    assert sorted(made) == YEAR_OF_31[:4]


def test_what_falls_into_a_pause_is_made_up_for(app_url: str) -> None:
    group = Group(app_url)
    rule = group.rule("2024-01-15")
    group.run("2024-01-31")
    group.change(rule, paused=True)
    assert group.run("2024-03-31") == 0
    group.change(rule, paused=False)
    assert group.run("2024-03-31") == 2
    assert group.dates() == ["2024-01-15", "2024-02-15", "2024-03-15"]


def test_the_last_day_of_a_rule_counts(app_url: str) -> None:
    group = Group(app_url)
    group.rule("2024-01-31", until="2024-04-30")
    assert group.run("2024-12-31") == 4
    assert group.dates() == YEAR_OF_31[:4]
    assert group.coming() == []


def test_weeks_are_as_before(app_url: str) -> None:
    group = Group(app_url)
    group.rule("2024-02-20", "week", interval=2)
    assert group.run("2024-04-01") == 3
    assert group.dates() == ["2024-02-20", "2024-03-05", "2024-03-19"]


def test_rules_do_not_disturb_each_other(app_url: str) -> None:
    group = Group(app_url)
    group.rule("2024-01-31")
    group.run("2024-02-29")
    group.rule("2024-01-10", expense={**group.fields(description="Cleaning")})
    assert group.run("2024-02-29") == 2
    assert group.dates() == ["2024-01-10", "2024-01-31", "2024-02-10", "2024-02-29"]
