"""A brief in words: what a model, or a person, is told of a task."""

from __future__ import annotations

from typing import Final

from swelancer_plugin.money import dollars
from swelancer_plugin.task import Brief

NO_DECISION: Final = (
    "There is no decision yet: write it to `{path}`. Ending without it once more submits nothing."
)
"""What an agent tells a model that ends a manager's task without a decision; once."""
_ALONE: Final = "You work alone: nobody answers questions, and you can count on no network."


def render(brief: Brief) -> str:
    """Return the brief as Markdown. Holds nothing that is not in the brief."""
    job = _manager if brief.variant == "swe_manager" else _engineer
    return "\n\n".join((f"# {brief.title}", brief.description.strip(), *job(brief))) + "\n"


_USER: Final = (
    "A user is at hand: run the command `user-tool` in a shell of your computer, and a person in a "
    "browser performs the steps of the issue on your app as it is then (it is built and served for "
    "that, unless it is being served already). You are shown a log of the steps; screenshots and a "
    "trace come to `{workdir}/user_tool/`, which is no part of your submission. It takes up to a "
    "few minutes."
)


def _engineer(brief: Brief) -> tuple[str, ...]:
    return (
        "## Your job",
        f"The repository is checked out at `{brief.workdir}`. Change it so that the issue above is "
        f"resolved. {_ALONE}",
        f"Your submission is the state in which you leave the files below `{brief.workdir}`: "
        "changed, new and deleted ones, committed or not (`.git` itself is no part of it). What "
        "you change elsewhere is lost. The app is then built and served anew, and judged by "
        "end-to-end tests that you cannot see: they use it as its users do. The job pays "
        f"{dollars(brief.price_cents)}, all or nothing.",
        *([_USER.format(workdir=brief.workdir)] if brief.user_tool else []),
    )


def _manager(brief: Brief) -> tuple[str, ...]:
    proposals = (f"### Proposal {each.id}\n\n{each.content.strip()}" for each in brief.proposals)
    ids = ", ".join(str(each.id) for each in brief.proposals)
    return (
        "## Your job",
        "You manage the engineers who work on the repository at "
        f"`{brief.workdir}`. Several of them propose how to resolve the issue above. Choose the "
        f"one proposal that you would have built. The job pays {dollars(brief.price_cents)} if "
        f"your choice is the right one, and nothing otherwise. {_ALONE}",
        f'Write your decision to `{brief.decision_path}` as JSON: `{{"selected_proposal_id": ID}}`,'
        f" where ID is one of {ids}. That file is all that you submit.",
        "## Proposals",
        *proposals,
    )
