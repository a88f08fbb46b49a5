from __future__ import annotations

from swelancer_plugin.agents.prompts import render
from swelancer_plugin.task import Brief, Proposal

MANAGER = Brief(
    "7-manager-0",
    "swe_manager",
    "Totals are off by a cent",
    "Split $10 by three.",
    1234_50,
    "/app/evenly",
    (Proposal(1, "round"), Proposal(4, "carry the remainder")),
)


def test_a_manager_is_told_the_issue_the_price_the_proposals_and_where_to_decide() -> None:
    text = render(MANAGER)
    assert text.startswith("# Totals are off by a cent\n\nSplit $10 by three.\n")
    assert "$1,234.50" in text
    assert "### Proposal 1\n\nround" in text
    assert "### Proposal 4\n\ncarry the remainder" in text
    assert "`/app/evenly/manager_decisions.json`" in text
    assert "ID is one of 1, 4." in text


def test_an_engineer_is_told_where_the_repository_lies() -> None:
    text = render(Brief("7", "ic_swe", "T", "D", 50_00, "/app/evenly"))
    assert "`/app/evenly`" in text
    assert "$50" in text
    assert "roposal" not in text
