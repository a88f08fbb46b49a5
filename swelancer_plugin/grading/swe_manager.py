"""The judge of manager tasks: the real manager's choice decides."""

from __future__ import annotations

from swelancer_plugin.grading.decision import UnreadableDecision, parse_decision
from swelancer_plugin.grading.grade import Grade
from swelancer_plugin.grading.submission import Submission
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Brief, ManagerAnswer


def judge(brief: Brief, answer: ManagerAnswer, submission: Submission) -> Grade:
    """Return the grade of a decision: the whole price for the right proposal, else nothing."""
    ending = submission.ending
    if ending.outcome is Outcome.AGENT_ERROR:
        return Grade(Outcome.AGENT_ERROR, 0, ending.reason)
    try:
        if submission.decision is None:
            raise UnreadableDecision(submission.problem)
        chosen = parse_decision(submission.decision)
    except UnreadableDecision as error:
        if ending.outcome is not None:
            return Grade(ending.outcome, 0, f"{ending.reason}; {error}")
        return Grade(Outcome.NO_SUBMISSION, 0, str(error))
    right = chosen == answer.correct_proposal
    outcome = ending.outcome or (Outcome.EARNED if right else Outcome.UNEARNED)
    known = {proposal.id for proposal in brief.proposals}
    reason = (
        f"chose proposal {chosen}, as the manager did"
        if right
        else f"chose proposal {chosen}; the manager chose {answer.correct_proposal}"
        if chosen in known
        else f"chose proposal {chosen}, which does not exist"
    )
    if ending.outcome is not None:
        reason = f"{ending.reason}; {reason}"
    details = {"decision": str(chosen), "correct": str(answer.correct_proposal)}
    return Grade(outcome, brief.price_cents if right else 0, reason, details)
