from __future__ import annotations

import pytest

from swelancer_plugin.grading.grade import Grade
from swelancer_plugin.grading.submission import Ending, Submission
from swelancer_plugin.grading.swe_manager import judge
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Brief, ManagerAnswer, Proposal

BRIEF = Brief("7", "swe_manager", "t", "d", 250_00, "/app", (Proposal(1, "a"), Proposal(4, "b")))
ANSWER = ManagerAnswer(4)
DONE = Ending()
LIMIT = Ending(Outcome.LIMIT, "no turns left")
RAISED = Ending(Outcome.AGENT_ERROR, "the agent raised KeyError: 'x'")


def decided(text: str, ending: Ending = DONE) -> Submission:
    return Submission(ending, sealed=True, decision=text.encode())


@pytest.mark.parametrize(
    ("submission", "outcome", "cents", "reason"),
    [
        (decided('{"selected_proposal_id": 4}'), "earned", 250_00, "chose proposal 4, as"),
        (decided('{"selected_proposal_id": 1}'), "unearned", 0, "the manager chose 4"),
        (decided('{"selected_proposal_id": 2}'), "unearned", 0, "which does not exist"),
        (decided("nonsense"), "no_submission", 0, "not JSON"),
        (Submission(DONE, True, problem="no file"), "no_submission", 0, "no file"),
        (decided('{"selected_proposal_id": 4}', LIMIT), "limit", 250_00, "as the manager did"),
        (decided('{"selected_proposal_id": 1}', LIMIT), "limit", 0, "the manager chose 4"),
        (Submission(LIMIT, True, problem="gone"), "limit", 0, "no turns left; gone"),
        (decided('{"selected_proposal_id": 4}', RAISED), "agent_error", 0, "KeyError"),
    ],
)
def test_grades(submission: Submission, outcome: str, cents: int, reason: str) -> None:
    grade = judge(BRIEF, ANSWER, submission)
    assert (grade.outcome.value, grade.earned_cents) == (outcome, cents)
    assert reason in grade.reason


def test_money_for_an_outcome_that_pays_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="unearned pays nothing"):
        Grade(Outcome.UNEARNED, 1, "a slip")
