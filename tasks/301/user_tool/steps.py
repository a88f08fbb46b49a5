"""Settles up in a group that is kept in euros, with debts in yen and dinars."""

import re

from evenly import Evenly


def use(page, step):
    with step("Make a group in EUR in which Bruno owes Ana JPY 1250 and KWD 1.250"):
        group = Evenly(page).group("Ana", "Bruno")
        group.expense(amount=2500, currency="JPY")
        group.expense(amount=2500, currency="KWD")
    with step('Open "Settle up"'):
        group.open("/settle")
        page.get_by_role("form", name="Bruno pays Ana").first.wait_for()
    with step('Enter 500 at "Bruno pays Ana" in yen, and record the payment'):
        form = page.get_by_role("form", name=re.compile(r"^Bruno pays Ana \D*1,250$"))
        form.get_by_label("Amount").fill("500")
        form.get_by_label("Date").fill("2024-03-01")
        form.get_by_role("button", name="Record payment").click()
        page.get_by_role("button", name="Delete: Bruno paid Ana").wait_for()
    with step("Delete that payment"):
        page.get_by_role("button", name="Delete: Bruno paid Ana").click()
        page.get_by_text("Payment deleted").wait_for()
    with step('Press "Undo"'):
        page.get_by_role("button", name="Undo").click()
        page.get_by_role("button", name="Delete: Bruno paid Ana").wait_for()
    with step('Record KWD 0.500 from Bruno to Ana at "Other payment"'):
        form = page.get_by_role("form", name="Other payment")
        form.get_by_label("From").select_option("Bruno")
        form.get_by_label("To", exact=True).select_option("Ana")
        form.get_by_label("Currency").select_option("KWD")
        form.get_by_label("Amount").fill("0.500")
        form.get_by_role("button", name="Record payment").click()
        page.get_by_text(re.compile("at most 2 decimals|Payment recorded")).first.wait_for()
