from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.computers.frames import (
    Demultiplexer,
    GarbledStream,
    NoticeParser,
    Output,
    OutputParser,
    inline,
    parse_notice,
)
from tests.computers.play import frame

TOKEN = b"0123456789abcdef"


def chunks(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    at = 0
    for cut in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        yield data[at:cut]
        at = cut


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary())), st.lists(st.integers(0, 10**6)))
def test_demultiplexer_takes_any_chunks(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    parser, got = Demultiplexer(), {1: b"", 2: b""}
    for chunk in chunks(b"".join(frame(*one) for one in frames), cuts):
        for stream, piece in parser.feed(chunk):
            got[stream] += piece
    for stream, content in got.items():
        assert content == b"".join(payload for of, payload in frames if of == stream)


def test_demultiplexer_keeps_nothing_of_a_hostile_length() -> None:
    parser = Demultiplexer()
    assert list(parser.feed(b"\1\0\0\0\xff\xff\xff\xff" + b"x" * 1000)) == [(1, b"x" * 1000)]
    with pytest.raises(GarbledStream):
        list(Demultiplexer().feed(b"\7\0\0\0\0\0\0\1x"))


@given(st.lists(st.integers(0, 255)), st.lists(st.integers(0, 10**6)))
def test_notices_take_any_chunks(codes: list[int], cuts: list[int]) -> None:
    said = b"".join(b"x %d %d\n" % (n, code) for n, code in enumerate(codes))
    parser = NoticeParser()
    heard = [notice for chunk in chunks(said, cuts) for notice in parser.feed(chunk)]
    assert [(notice.id, notice.first) for notice in heard] == list(enumerate(codes))


@pytest.mark.parametrize(
    "line",
    [
        b"", b" ", b"x", b"x 1", b"x 1 2 3", b"x -1 0", b"x 1 256", b"x 1 1e3", b"x 1  2", b"X 1 2",
        b"d 1 2 0", b"q 999999999999999999999999", b"c 1 4194305", b"p 1 \xc2\xb2", b"s 1 2",
        b"s a b c", b"hello 1", b"x 1 2\r", b"\xff\xff",
    ],
)  # fmt: skip
def test_garbled_notices(line: bytes) -> None:
    with pytest.raises(GarbledStream):
        parse_notice(line)


@given(st.binary(max_size=3000))
def test_any_bytes_are_notices_or_garbage(data: bytes) -> None:
    parser = NoticeParser()
    try:
        list(parser.feed(data))
    except GarbledStream:
        return


def test_endless_notice_is_not_kept() -> None:
    parser = NoticeParser()
    pieces = (notice for _ in range(10) for notice in parser.feed(b"x" * 200))
    with pytest.raises(GarbledStream):
        list(pieces)


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (b"s 1 7 7 (sh) S 1 7 7 0", "S"),
        (b"s 1 7 7 (a) Z (b) (c)) R 1", "R"),
        (b"s 1 7 -", ""),
        (b"s 1 7 7 (cut", "?"),
        (b"s 1 7 \xff\xfe", "?"),
    ],
)
def test_process_states(line: bytes, state: str) -> None:
    assert parse_notice(line).state == state


@given(
    st.lists(st.tuples(st.binary(max_size=200), st.booleans()), max_size=5),
    st.lists(st.integers(0, 10**6)),
)
def test_outputs_take_any_chunks(outputs: list[tuple[bytes, bool]], cuts: list[int]) -> None:
    parser, said, expected = OutputParser(limit=200), b"", []
    for n, (content, complete) in enumerate(outputs):
        token = TOKEN + b"%04d" % n
        parser.expect(token)
        said += content + token + (b"0" if complete else b"1")
        expected.append(Output(token, content, complete))
    assert [one for chunk in chunks(said, cuts) for one in parser.feed(chunk)] == expected


def test_outputs_are_bounded() -> None:
    parser = OutputParser(limit=100)
    with pytest.raises(GarbledStream, match="nobody asked"):
        list(parser.feed(b"x"))
    parser = OutputParser(limit=100)
    parser.expect(TOKEN)
    pieces = (output for _ in range(20) for output in parser.feed(b"y" * 10))
    with pytest.raises(GarbledStream, match="more than 100"):
        list(pieces)
    parser = OutputParser(limit=100)
    parser.expect(TOKEN)
    with pytest.raises(GarbledStream, match="more than 100"):
        list(parser.feed(b"y" * 101 + TOKEN + b"0"))
    parser = OutputParser(limit=100)
    parser.expect(TOKEN)
    with pytest.raises(GarbledStream, match="status"):
        list(parser.feed(TOKEN + b"x"))


def test_commands_that_travel_in_the_frame() -> None:
    assert inline(b"echo a\n\tb ") == b"echo a\n\tb "
    assert inline(b"-x") == b" -x"
    for other in (b"a\r", b"\xc3\xa9", b"\x1b", b"x" * 5000):
        assert inline(other) is None
