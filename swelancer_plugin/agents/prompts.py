"""A brief in words: what a model, or a person, is told of a task."""

from __future__ import annotations

from swelancer_plugin.money import dollars
from swelancer_plugin.task import Brief


def render(brief: Brief) -> str:
    """Return the brief as Markdown. Holds nothing that is not in the brief."""
    job = _manager if brief.variant == "swe_manager" else _engineer
    return "\n\n".join((f"# {brief.title}", brief.description.strip(), *job(brief))) + "\n"


def _engineer(brief: Brief) -> tuple[str, ...]:
    return (
        "## Your job",
        f"The repository is checked out at `{brief.workdir}`. Change it so that the issue above is "
        "resolved. The state in which you leave the files is your submission; it is judged by "
        f"end-to-end tests that you cannot see. The job pays {dollars(brief.price_cents)}, "
        "all or nothing.",
    )


def _manager(brief: Brief) -> tuple[str, ...]:
    proposals = (f"### Proposal {each.id}\n\n{each.content.strip()}" for each in brief.proposals)
    ids = ", ".join(str(each.id) for each in brief.proposals)
    return (
        "## Your job",
        "You manage the engineers who work on the repository at "
        f"`{brief.workdir}`. Several of them propose how to resolve the issue above. Choose the "
        f"one proposal that you would have built. The job pays {dollars(brief.price_cents)} if "
        "your choice is the right one, and nothing otherwise.",
        f'Write your decision to `{brief.decision_path}` as JSON: `{{"selected_proposal_id": ID}}`,'
        f" where ID is one of {ids}.",
        "## Proposals",
        *proposals,
    )
