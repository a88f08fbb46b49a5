from __future__ import annotations

import pytest

from swelancer_plugin.computers.interface import ComputerSpec, EngineError
from swelancer_plugin.grading.submission import Ending, Submission
from swelancer_plugin.outcome import Outcome
from tests.grading.conftest import PRICE_CENTS, Play

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]
LATE = Ending(Outcome.LIMIT, "all 40 turns are used")


async def test_honest_work_earns_its_price(play: Play) -> None:
    grade = await play.submit()
    assert (grade.outcome, grade.earned_cents) == (Outcome.EARNED, PRICE_CENTS)
    assert grade.reason == "all 2 hidden tests passed"
    assert grade.details == {"tests": "2/2"}
    assert play.kept["build.log"] == b"building\n"
    assert b'"GET /answer HTTP/1.1" 200' in play.kept["server.log"]
    assert b"2 passed" in play.kept["tests.log"]
    assert b"test_hidden.py::test_answer" in play.kept["junit.xml"]


async def test_work_that_fails_a_test_earns_nothing(play: Play) -> None:
    grade = await play.submit({"answer.txt": "wr\u00f6ng\x1b[31m"})
    assert (grade.outcome, grade.earned_cents) == (Outcome.UNEARNED, 0)
    assert grade.reason.startswith(
        "1 of 2 hidden tests passed; first not to: test_hidden.py::test_answer: failure: "
        "AssertionError"
    )
    assert grade.details["tests"] == "1/2"
    assert grade.reason.isprintable()


@pytest.mark.parametrize(
    ("ending", "outcome", "reason"),
    [
        (Ending(), Outcome.NO_SUBMISSION, "nothing has changed"),
        (LATE, Outcome.LIMIT, "all 40 turns are used; nothing has changed"),
        (Ending(Outcome.AGENT_ERROR, "ValueError"), Outcome.AGENT_ERROR, "ValueError"),
    ],
)
async def test_nothing_to_grade_takes_no_container(
    play: Play, ending: Ending, outcome: Outcome, reason: str
) -> None:
    grade = await play.judge(Submission(ending, True, problem="nothing has changed"))
    assert (grade.outcome, grade.earned_cents, grade.reason) == (outcome, 0, reason)
    assert play.provider.judges == []


async def test_agent_that_raised_earns_nothing_whatever_it_left(play: Play) -> None:
    play.ending = Ending(Outcome.AGENT_ERROR, "ValueError: x")
    assert (await play.submit()).outcome is Outcome.AGENT_ERROR
    assert play.provider.judges == []


async def test_work_that_ran_into_a_limit_is_graded(play: Play) -> None:
    play.ending = LATE
    grade = await play.submit()
    assert (grade.outcome, grade.earned_cents) == (Outcome.LIMIT, PRICE_CENTS)
    assert grade.reason == "all 40 turns are used; all 2 hidden tests passed"
    grade = await play.submit({"answer.txt": "wrong"})
    assert (grade.outcome, grade.earned_cents) == (Outcome.LIMIT, 0)
    assert grade.reason.startswith("all 40 turns are used; 1 of 2 hidden tests passed")


async def test_build_that_fails(play: Play) -> None:
    grade = await play.submit({"build.sh": "echo compiling; echo 'no such module' >&2; exit 3"})
    assert (grade.outcome, grade.earned_cents) == (Outcome.BROKEN_BUILD, 0)
    assert grade.reason == "the build failed with exit code 3"
    assert grade.details == {"stage": "build", "log": "compiling no such module"}
    assert set(play.kept) == {"build.log"}


async def test_build_that_does_not_end(play: Play) -> None:
    play.serve(build_seconds=0.5)
    grade = await play.submit({"build.sh": "echo on and on; sleep 600"})
    assert (grade.outcome, grade.earned_cents) == (Outcome.BROKEN_BUILD, 0)
    assert grade.reason == "the build did not end in 0.5 s"
    assert grade.details == {"stage": "build", "log": "on and on"}


async def test_server_that_ends(play: Play) -> None:
    grade = await play.submit({"app.py": "print('hello'); raise SystemExit(4)"})
    assert (grade.outcome, grade.earned_cents) == (Outcome.BROKEN_BUILD, 0)
    assert grade.reason == "the server ended before it answered"
    assert grade.details == {
        "stage": "serve",
        "log": "hello (the server ended with exit code 4)",
    }
    assert play.kept["server.log"] == b"hello\n(the server ended with exit code 4)\n"


async def test_server_that_never_answers(play: Play) -> None:
    play.serve(ready_seconds=1.0)
    grade = await play.submit({"app.py": "print('busy', flush=True); import time; time.sleep(600)"})
    assert (grade.outcome, grade.earned_cents) == (Outcome.BROKEN_BUILD, 0)
    assert grade.reason == "the server never answered within 1 s"
    assert grade.details == {"stage": "serve", "log": "busy"}


async def test_submission_that_cannot_be_applied(play: Play) -> None:
    grade = await play.submit(deleted=(".",))  # which rm refuses
    assert (grade.outcome, grade.earned_cents) == (Outcome.BROKEN_BUILD, 0)
    assert grade.reason == "it can't be applied"
    assert grade.details["stage"] == "apply"


async def test_deletions_come_first(play: Play) -> None:
    play.workdir = "/opt/swelancer"  # where the image has a file
    names = tuple(f"it's $(no) {number} -such\nfile" for number in range(5000))
    grade = await play.submit(
        {"build.sh": "[ ! -e relay.py ] && cat answer.txt"},
        deleted=("relay.py", "answer.txt", "-rf", *names),
    )
    assert grade.outcome is Outcome.EARNED
    assert play.kept["build.log"] == b"right"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def nothing(): pass", r"tiny-1 can't be collected \(exit code 5\)"),
        ("import no_such_module", r"tiny-1 can't be collected \(exit code 2\).*no_such_module"),
        ("def test_x(:", r"tiny-1 can't be collected \(exit code 2\).*SyntaxError"),
    ],
)
async def test_broken_hidden_tests_are_no_grade(play: Play, text: str, message: str) -> None:
    play.hide(text)
    with pytest.raises(EngineError, match=message):
        await play.submit()
    assert play.kept == {}


async def test_hidden_tests_that_are_not_there(play: Play) -> None:
    play.tests = play.tests / "none"
    with pytest.raises(EngineError, match=r"tests of tiny-1 can't be had: .*none is no directory"):
        await play.submit()
    assert play.provider.judges == []


@pytest.mark.parametrize(
    ("mark", "says"),
    [
        ("@pytest.mark.skip", "skipped"),
        ("@pytest.mark.xfail", "skipped"),
        ("@pytest.mark.usefixtures('no_such')", "error: failed on setup"),
        ("@pytest.mark.usefixtures('leaves_badly')", "error: failed on teardown"),
    ],
)
async def test_only_a_pass_is_a_pass(play: Play, mark: str, says: str) -> None:
    play.hide(f"""
        import pytest

        @pytest.fixture
        def leaves_badly():
            yield
            raise OSError

        {mark}
        def test_one():
            assert {"False" if "xfail" in mark else "True"}

        def test_two(): pass
    """)
    grade = await play.submit()
    assert (grade.outcome, grade.earned_cents) == (Outcome.UNEARNED, 0)
    assert f"first not to: test_hidden.py::test_one: {says}" in grade.reason


async def test_hidden_tests_that_do_not_end(play: Play) -> None:
    play.hide("import time\ndef test_one(): time.sleep(600)")
    play.test_seconds = 2.0
    grade = await play.submit()
    assert (grade.outcome, grade.earned_cents) == (Outcome.LIMIT, 0)
    assert grade.reason == "the hidden tests did not end in 2 s"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("os._exit(7)", "the hidden tests broke off (exit 7)"),
        ("os._exit(0)", "the report of the hidden tests is missing"),
        ("bytearray(2**31)", "the hidden tests broke off (exit 137)"),
    ],
)
async def test_hidden_tests_that_break_off(play: Play, body: str, reason: str) -> None:
    play.hide(f"import os\ndef test_one(): {body}")
    grade = await play.submit()
    assert (grade.outcome, grade.earned_cents, grade.reason) == (Outcome.LIMIT, 0, reason)


async def test_app_whose_computer_goes(play: Play) -> None:
    api = play.provider.client.api
    play.provider.joined = api.kill
    grade = await play.submit()
    assert (grade.outcome, grade.earned_cents) == (Outcome.BROKEN_BUILD, 0)
    assert grade.reason == "the app's computer is gone"


async def test_app_whose_computer_goes_while_it_is_built(play: Play) -> None:
    play.on_keep = lambda name: play.provider.client.api.kill(play.provider.apps[0])
    grade = await play.submit()
    assert (grade.outcome, grade.reason) == (Outcome.BROKEN_BUILD, "the app's computer is gone")


async def test_judge_whose_computer_goes(play: Play) -> None:
    play.on_keep = lambda name: play.provider.client.api.kill(play.provider.judges[0])
    grade = await play.submit()
    assert (grade.outcome, grade.earned_cents) == (Outcome.LIMIT, 0)
    assert grade.reason.startswith("the judge's computer is gone")


async def test_engine_that_fails_is_no_grade(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = play.app_spec()
    without = ComputerSpec(spec.repository, "swelancer-no-such-image:none", spec.workdir)
    monkeypatch.setattr(play, "app_spec", lambda: without)
    with pytest.raises(EngineError, match="swelancer-no-such-image"):
        await play.submit()
