from __future__ import annotations

from dataclasses import replace

import pytest

from swelancer_plugin.agents.prompts import render
from swelancer_plugin.task import Brief, Proposal, Variant

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


@pytest.mark.parametrize("variant", ["ic_swe", "swe_manager"])
def test_everybody_is_told_what_is_submitted_and_what_not_to_count_on(variant: Variant) -> None:
    text = render(replace(MANAGER, variant=variant))
    assert "you can count on no network" in text
    assert "nobody answers questions" in text
    said = {
        "ic_swe": "Your submission is the state in which you leave the files below `/app/evenly`",
        "swe_manager": "That file is all that you submit.",
    }
    assert said[variant] in text


def test_an_engineer_is_told_of_hidden_tests_and_what_is_no_part_of_the_work() -> None:
    text = render(replace(MANAGER, variant="ic_swe", proposals=()))
    assert "end-to-end tests that you cannot see" in text
    assert "`.git` itself is no part of it" in text
    assert "all or nothing" in text


def test_a_description_is_told_to_the_letter() -> None:
    text = render(replace(MANAGER, description="  <b>{x}</b> %s \\n\n```\n# not a heading"))
    assert "<b>{x}</b> %s \\n\n```\n# not a heading\n\n## Your job" in text
