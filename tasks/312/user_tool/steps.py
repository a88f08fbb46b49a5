"""Assigns the lines of a receipt, and uses the split twice."""

import re

from evenly import Evenly

LINES = {
    "Edamame": ["Ana"],
    "Gyoza": ["Ana", "Bruno"],
    "Karaage": ["Ana", "Bruno", "Chiara"],
    "Udon": ["Bruno", "Chiara"],
    "Sashimi": ["Chiara"],
}


def use(page, step):
    with step("Sign in, and edit an expense of a group that has the receipt of Izakaya Hana"):
        evenly = Evenly(page)
        group = evenly.group("Ana", "Bruno", "Chiara")
        expense = group.expense(note="receipt rcp_0002")
        evenly.sign_in()
        group.open(f"/expenses/{expense['id']}")
    with step('Press "Show receipt"'):
        page.get_by_role("button", name="Show receipt").click()
        page.get_by_role("button", name="Use this split").wait_for()
    with step("Assign the lines as in the issue"):
        for line, names in LINES.items():
            row = page.get_by_role("group", name=re.compile(f"^{line}, "))
            for name in names:
                row.get_by_label(name).check()
    with step("Untick the Karaage, and tick it for Chiara, Bruno and Ana, in this order"):
        row = page.get_by_role("group", name=re.compile("^Karaage, "))
        for name in ("Ana", "Bruno", "Chiara"):
            row.get_by_label(name).uncheck()
        for name in ("Chiara", "Bruno", "Ana"):
            row.get_by_label(name).check()
    with step('Assign everything to everybody, and press "Use this split"'):
        page.get_by_role("button", name="Assign everything to everybody").click()
        page.get_by_role("button", name="Use this split").click()
    with step('Untick Chiara at every line, and press "Use this split" again'):
        for line in LINES:
            row = page.get_by_role("group", name=re.compile(f"^{line}, "))
            row.get_by_label("Chiara").uncheck()
        page.get_by_role("button", name="Use this split").click()
