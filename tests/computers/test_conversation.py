from __future__ import annotations

from concurrent.futures import Future

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swelancer_plugin.computers.conversation import NEVER
from swelancer_plugin.computers.interface import CommandResult, ComputerGone
from swelancer_plugin.computers.limits import KILL_LIMIT, PONG_LIMIT, START_LIMIT
from tests.computers.play import Play


def test_quick_command() -> None:
    play = Play()
    play.submit(b"echo hi")
    assert play.says() == [b"r 1 0 1", b"echo hi"]
    play.hear(b"t 1 13 10", b"x 1 3", b"d 1 1 0")
    (asks,) = play.says()
    verb, id_, slot, token = asks.split()
    assert (verb, id_, slot) == (b"g", b"1", b"0")
    play.print(b"hi\n" + token + b"0")
    assert play.future.result(0) == CommandResult(b"hi\n", 3)
    assert play.conversation.deadline() == NEVER


def test_killed_runner_is_found_by_a_ping() -> None:
    play = Play()
    play.submit()
    play.start()
    play.until(0.5)
    assert play.says() == [b"s 1 10", b"q 1"]
    play.hear(b"s 1 10 -", b"q 1")
    assert play.future.result(0) == CommandResult(b"", 137, truncated=True)


def test_command_that_never_starts_ends() -> None:
    play = Play()
    play.submit()
    while not play.future.done():
        pings = [said for said in play.says() if said.startswith(b"q ")]
        play.hear(*pings)
        play.until(play.now + 0.25)
        assert play.now < START_LIMIT + 1
    assert play.future.result(0) == CommandResult(b"", 137, truncated=True)


def test_silent_pings_end_the_computer() -> None:
    play = Play()
    play.submit()
    play.start()
    with pytest.raises(ComputerGone, match="no longer answers"):
        play.until(PONG_LIMIT + 1)


def test_valve_is_cut_only_when_all_has_passed() -> None:
    play = Play()
    play.submit()
    play.start()
    play.hear(b"x 1 0")
    play.until(0.03)
    assert play.says() == [b"s 1 12", b"s 1 13", b"s 1 12"]
    play.hear(b"s 1 12 12 (cat) S 1", b"s 1 13 13 (tail) R 1", b"s 1 12 12 (cat) S 1")
    assert play.says() == []
    play.until(0.06)
    assert play.says() == [b"s 1 12", b"s 1 13", b"s 1 12"]
    play.hear(b"s 1 12 12 (cat) S 1", b"s 1 13 13 (tail) S 1", b"s 1 12 12 (cat) S 1")
    assert play.says() == [b"K 12"]
    play.hear(b"d 1 0 0")
    assert play.future.result(0) == CommandResult(b"", 0)


def test_timeout_kills_until_it_is_said_to_be_done() -> None:
    play = Play()
    play.submit(timeout=0.3)
    play.start()
    play.until(0.3)
    assert play.says() == [b"k 1 11"]
    play.until(0.6)
    assert b"k 1 11" in play.says()
    play.hear(b"x 1 137", b"d 1 0 0")
    assert not play.future.done()
    play.hear(b"k 1 1")
    assert play.says() == [b"k 1 11"]
    assert not play.future.done()
    play.hear(b"k 1 0")
    assert play.future.result(0) == CommandResult(b"", 124, timed_out=True)


def test_timeout_without_any_answer_is_a_result_all_the_same() -> None:
    play = Play()
    play.submit(timeout=0.3)
    play.start()
    play.until(0.4 + KILL_LIMIT)
    assert play.future.result(0) == CommandResult(b"", 124, timed_out=True, truncated=True)


def test_long_command_waits_for_every_acknowledgement() -> None:
    play = Play()
    command = b"#" * (1024 * 1024) + b"\necho"
    play.submit(command)
    assert play.says()[0].startswith(b"w 1 0 1048576")
    other: Future[CommandResult] = Future()
    play.conversation.submit(b"echo other", None, other, play.now)
    assert play.says() == []
    play.hear(b"a 1 0")
    assert play.says() == [b"r 2 1 1", b"echo other", b"w 1 0 5", b"", b"echo"]
    play.hear(b"a 1 0")
    assert play.says() == [b"r 1 0 0"]


def test_no_room_for_a_long_command() -> None:
    play = Play()
    play.submit(b"#" * 5000)
    play.says()
    play.hear(b"a 1 1")
    with pytest.raises(ComputerGone, match="no room"):
        play.future.result(0)


def test_no_process_left_is_tried_again_and_given_up() -> None:
    play = Play()
    play.submit()
    tries = 0
    while not play.future.done():
        tries += play.says().count(b"r 1 0 1")
        play.hear(b"f 1", b"q %d" % tries)
        play.until(play.now + 0.25)
        assert play.now < 60
    assert tries > 10
    with pytest.raises(ComputerGone, match="no process left"):
        play.future.result(0)


NOTICES = st.one_of(
    st.binary(max_size=30),
    st.builds(
        lambda kind, numbers: b" ".join([kind, *(b"%d" % n for n in numbers)]),
        st.sampled_from([b"h", b"p", b"c", b"t", b"x", b"d", b"f", b"a", b"k", b"q", b"s"]),
        st.lists(st.integers(0, 3), max_size=3),
    ),
    st.builds(lambda pid, state: b"s 1 %d %d (sh) %s 1" % (pid, pid, state),
              st.integers(0, 20), st.sampled_from([b"S", b"R", b"Z", b"T"])),
)  # fmt: skip
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("hear"), NOTICES),
        st.tuples(st.just("print"), st.binary(max_size=20)),
        st.tuples(st.just("raw"), st.binary(max_size=20)),
        st.tuples(st.just("wait"), st.floats(0, 5)),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=300)
@given(ACTS, st.sampled_from([None, 1.0]), st.sampled_from([b"true", b"#" * 5000]))
def test_whatever_the_peer_says_the_command_ends(
    acts: list[tuple[str, bytes | float]], timeout: float | None, command: bytes
) -> None:
    play = Play()
    play.submit(command, timeout)
    try:
        for kind, what in acts:
            play.says()
            if kind == "wait":
                assert isinstance(what, float)
                play.until(play.now + what)
                continue
            assert isinstance(what, bytes)
            if kind == "hear":
                play.hear(what)
            elif kind == "print":
                play.print(what)
            else:
                play.conversation.received(what, play.now)
        for _ in range(50):  # and then it is silent
            play.says()
            play.until(play.now + 10)
    except ComputerGone as gone:
        play.conversation.end(gone)
    assert play.future.done()
