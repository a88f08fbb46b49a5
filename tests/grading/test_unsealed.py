"""Changes of computers that lie about them."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.computers.interface import (
    Changes,
    CommandResult,
    ComputerGone,
    ComputerInterface,
    DownloadError,
    FrozenFile,
    SealedComputer,
    TreeFile,
)
from swelancer_plugin.grading import unsealed
from swelancer_plugin.grading.submission import Ending, Submission, take_changes, to_archive
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Brief, Repository
from tests.grading.liars import Lists, Says

DIGEST = b"0" * 64 + b"  -\n"


def lied(
    computer: ComputerInterface,
    before: Ending = Ending(),  # noqa: B008
    repository: Repository = Repository("it", "/x"),  # noqa: B008
) -> Submission:
    brief = Brief("1", "ic_swe", "t", "d", 100, "/x")
    return asyncio.run(take_changes(repository, brief, computer, before))


def record(kind: bytes, path: bytes, detail: bytes = DIGEST) -> bytes:
    return b"%s\0%s\0%s\0" % (kind, path, detail)


@pytest.mark.parametrize(
    "listing",
    [
        b"f",
        b"f\0./a\0",
        b"\0\0\0\0",
        record(b"q", b"./a"),
        record(b"f", b"./a") + b"trailing",
        record(b"f", b"/etc/passwd"),
        record(b"f", b"./../a"),
        record(b"f", b"./a/../../b"),
        record(b"f", b""),
        record(b"f", b"./a//b"),
        record(b"l", b"./a", b"/etc\n"),
        record(b"l", b"./a", b"\n"),
        record(b"l", b"./a", b"\xff\n"),
        record(b"f", b"./\xff"),
    ],
)
def test_a_list_that_lies_leaves_nothing(listing: bytes) -> None:
    taken = lied(Lists(listing))
    assert taken.changes is None
    assert taken.problem
    assert taken.ending == Ending()


@pytest.mark.parametrize("said", [b"", b"relative", b"/a\nb", b"\xff", b"/" + b"x" * 5000])
def test_a_list_at_an_odd_place(said: bytes) -> None:
    assert "did not say where the list is" in lied(Says(said)).problem


def test_a_file_within_a_file_is_left_out() -> None:
    taken = lied(Lists(record(b"f", b"./a") + record(b"f", b"./a/b")))
    assert taken.changes == Changes((TreeFile("a", b"x"),), (), ("'a/b': no file can be there",))
    to_archive(taken.changes)


@pytest.mark.parametrize("within", [b"./a/b", b"./././a/b", b"a/b"])
def test_no_order_of_names_hides_a_file_within_a_file(within: bytes) -> None:
    for listing in (
        record(b"l", within, b"c\n") + record(b"l", b"./a", b"b\n"),
        record(b"l", b"./a", b"b\n") + record(b"l", within, b"c\n"),
    ):
        taken = lied(Lists(listing))
        assert taken.changes is not None
        assert taken.changes.files == (TreeFile("a", b"b", link=True),)
        assert taken.changes.left_out[0].endswith("no file can be there")


def test_names_are_below_the_directory_and_no_longer_than_a_path() -> None:
    listing = b"".join(
        record(b"f", name) for name in (b"a", b"", b".", b"./" + b"x" * 300, b"./" + b"y/" * 2**20)
    )
    taken = lied(Lists(listing))
    assert taken.changes is None
    assert taken.problem.count("no file can be there") == 5


parts = st.lists(st.sampled_from([b"a", b"b", b".", b"..", b"", b"\xff", b"c\n", b"user_tool"]))
listed_names = st.tuples(st.sampled_from([b"./", b"", b"/"]), parts.map(b"/".join)).map(b"".join)
details = st.sampled_from([DIGEST, b"", b"a\n", b"../a\n", b"/etc\n", b"\xed\xa0\x80\n"])
records = st.tuples(st.sampled_from([b"f", b"x", b"l", b"o", b"b"]), listed_names, details)


@given(
    st.one_of(st.binary(), st.lists(records).map(lambda all_: b"".join(record(*r) for r in all_)))
)
def test_no_list_is_raised_and_what_is_taken_can_be_applied(
    tmp_path_factory: pytest.TempPathFactory, listing: bytes
) -> None:
    source = tmp_path_factory.getbasetemp() / "source"
    (source / "a").mkdir(parents=True, exist_ok=True)
    (source / "a" / "b").write_text("x")
    for repository in (Repository("it", "/x"), Repository("it", "/x", source)):
        taken = lied(Lists(listing), repository=repository)
        assert (taken.changes is None) == bool(taken.problem)
        if taken.changes is not None:
            to_archive(taken.changes)


class Sealed(Says, SealedComputer):
    """A frozen computer of someone else's making, which says what has changed."""

    def __init__(self, *files: TreeFile) -> None:
        super().__init__(b"")
        self.files = files

    async def freeze(self) -> None:
        pass

    async def read_frozen(self, path: str, limit: int) -> FrozenFile:
        return FrozenFile("missing")

    async def export_changes(self, directory: str, excluded: tuple[str, ...]) -> Changes:
        return Changes(self.files)

    async def unpack(self, archive: bytes, directory: str) -> None:
        raise AssertionError("nothing is unpacked to take a submission")


@pytest.mark.parametrize(
    "files",
    [
        [TreeFile("a", b""), TreeFile("a/b", b"")],
        [TreeFile("../a", b"")],
        [TreeFile("\ud800", b"")],
        [TreeFile("a", b"\xff", link=True)],
    ],
)
def test_what_no_tree_can_hold_is_no_submission(files: list[TreeFile]) -> None:
    taken = lied(Sealed(*files))
    assert taken.sealed
    assert taken.changes is None
    assert taken.problem.startswith("no tree has such files: ")
    taken.problem.encode()


def test_a_file_that_can_not_be_fetched_is_left_out() -> None:
    taken = lied(Lists(record(b"x", b"./a"), DownloadError("gone since")))
    assert "'a': gone since" in taken.problem


@pytest.mark.parametrize("before", [Ending(), Ending(Outcome.AGENT_ERROR, "it raised")])
def test_changes_of_a_computer_that_is_gone(before: Ending) -> None:
    taken = lied(Says(ComputerGone("silence")), before)
    assert taken.ending.outcome is (before.outcome or Outcome.LIMIT)
    assert taken.problem == "the computer is gone"


def test_how_the_work_ended_stays() -> None:
    before = Ending(Outcome.AGENT_ERROR, "it raised", "traceback")
    taken = lied(Lists(record(b"f", b"./a"), b"x" * 40_000_000), before)
    assert taken.ending == before
    assert "'a' has more than 32 MB" in taken.problem


class Hangs(Says):
    async def send_shell_command(self, command: str) -> CommandResult:
        await asyncio.Event().wait()
        raise AssertionError("it never answers")


def test_a_list_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsealed, "LIST_SECONDS", 0.01)
    taken = lied(Hangs(b""))
    assert taken.ending.outcome is Outcome.LIMIT
    assert "could not be listed" in taken.problem


def test_a_list_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsealed, "MAX_LISTING", 10)
    taken = lied(Lists(record(b"f", b"./a")))
    assert taken.ending.outcome is Outcome.LIMIT
    assert "too many files" in taken.problem


class Fails(Says):
    async def send_shell_command(self, command: str) -> CommandResult:
        return CommandResult(b"cd: no such directory", 1)


def test_a_list_that_can_not_be_made() -> None:
    taken = lied(Fails(b""))
    assert (taken.changes, taken.ending) == (None, Ending())
    assert "no such directory" in taken.problem
