"""One command under way in a computer, as the host knows it from notices."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from swelancer_plugin.computers.frames import Notice, Output, inline
from swelancer_plugin.computers.interface import OUTPUT_LIMIT, CommandResult, ComputerGone
from swelancer_plugin.computers.limits import (
    DRAIN_LIMIT,
    GRACE,
    KILL_LIMIT,
    PART_BYTES,
    RETRY_INTERVAL,
    SPAWN_LIMIT,
    START_LIMIT,
)

TIMED_OUT: Final = 124
KILLED: Final = 137
_DEAD: Final = ("", "Z", "X", "T", "t")
"""States of a runner that will never report: gone, dead, or stopped by the command."""
_LOOKS: Final = 3


class Running:
    """The life of one command: launched, exited, drained, fetched; perhaps killed in between."""

    def __init__(
        self,
        id_: int,
        slot: int,
        command: bytes,
        timeout: float | None,
        future: Future[CommandResult],
        now: float,
    ) -> None:
        self.id = id_
        self.slot = slot
        self.future = future
        self.finished = False
        self.slot_is_free = False
        """Nothing in the computer uses the slot's files any more."""
        self.wants_output = False
        self.runner = 0
        self._group = self._cat = self._tail = 0
        self._code: int | None = None
        self._output: bytes | None = None
        self._complete = True
        self._killed = self._hunted = self._timed_out = False
        self._looks: list[tuple[int, str]] = []
        self._frames: list[tuple[bytes, bool]] = []
        self._alarms: dict[Callable[[float], None], float] = {}
        self._give_up = 0.0
        self._patience = RETRY_INTERVAL
        self._cut_anyway = 0.0
        text = inline(command)
        self._text = b"0" if text is None else b"%d\n%s" % (text.count(b"\n") + 1, text)
        self._parts = _parts(command) if text is None else []
        if timeout is not None:
            self._alarms[self._time_out] = now + timeout
        self._launch(now)

    @property
    def deadline(self) -> float:
        """When `tick` is next to be called."""
        return min(self._alarms.values(), default=float("inf"))

    def frames(self) -> list[tuple[bytes, bool]]:
        """Hand out what is to be sent, each with whether an acknowledgement must come first."""
        frames, self._frames = self._frames, []
        return frames

    def tick(self, now: float) -> None:
        """Do what is due."""
        for alarm, due in list(self._alarms.items()):
            if now >= due and self._alarms.pop(alarm, None) is not None:
                alarm(now)

    def kill(self, now: float) -> None:
        """Kill the command's whole tree. The result comes when that is done, or given up."""
        if self._killed or self.finished:
            return
        self._killed = True
        if self._parts or self._launch in self._alarms:  # it never ran
            self.slot_is_free = not self._parts
            self._hunted = True
            self._finish(b"")
            return
        self._alarms[self._kill_overdue] = now + KILL_LIMIT
        self._hunt(now)

    def fail(self, why: ComputerGone) -> None:
        """End without a result."""
        self.finished = True
        if not self.future.done():
            self.future.set_exception(why)

    def hear(self, notice: Notice, now: float) -> None:
        """Take in a notice of this command; what makes no sense at its time is passed over."""
        hear = {
            "a": self._taken,
            "p": self._grouped,
            "c": self._valve,
            "t": self._started,
            "x": self._exited,
            "d": self._drained,
            "f": self._not_started,
            "k": self._killed_all,
            "s": self._looked,
        }[notice.kind]
        hear(notice, now)

    def take(self, output: Output, now: float) -> None:
        """Take in the output that was asked for."""
        self._output = output.content
        if not output.complete and now < self._give_up:
            self._alarms[self._fetch] = now + RETRY_INTERVAL
            return
        self._complete = self._complete and output.complete
        self._conclude()

    def _say(self, frame: bytes, acknowledged: bool = False) -> None:
        self._frames.append((frame if acknowledged else frame + b"\n", acknowledged))

    def _launch(self, now: float) -> None:
        if self._parts:
            part = self._parts[0]
            self._say(b"w %d %d %d\n%s" % (self.id, self.slot, len(part), part), acknowledged=True)
        else:
            self._say(b"r %d %d %s" % (self.id, self.slot, self._text))
            self._alarms[self._never_started] = now + START_LIMIT

    def _taken(self, notice: Notice, now: float) -> None:
        if notice.first:
            self.fail(ComputerGone("the computer has no room for a command of this length"))
        elif self._parts:
            del self._parts[0]
            self._launch(now)

    def _not_started(self, notice: Notice, now: float) -> None:
        self._give_up = self._give_up or now + SPAWN_LIMIT
        if now >= self._give_up:
            self.slot_is_free = True
            self.fail(ComputerGone("the computer has no process left for a command"))
        else:
            self._alarms.pop(self._never_started, None)
            self._alarms[self._launch] = now + RETRY_INTERVAL

    def _never_started(self, now: float) -> None:
        self._lost(now)

    def _grouped(self, notice: Notice, now: float) -> None:
        self._group = notice.first
        if self._killed:
            self._hunt(now)

    def _valve(self, notice: Notice, now: float) -> None:
        self._cat = notice.first

    def _started(self, notice: Notice, now: float) -> None:
        self._tail, self.runner = notice.first, notice.second
        self._alarms.pop(self._never_started, None)

    def _exited(self, notice: Notice, now: float) -> None:
        if self._code is None:
            self._code = notice.first
            self._alarms.pop(self._time_out, None)
            self._alarms[self._look] = now + GRACE
            self._cut_anyway = now + DRAIN_LIMIT

    def _drained(self, notice: Notice, now: float) -> None:
        for alarm in (self._look, self._time_out, self._cut_overdue, self._never_started):
            self._alarms.pop(alarm, None)
        self.slot_is_free = True
        self._complete = notice.second == 0
        self._give_up = now + SPAWN_LIMIT
        if notice.first:
            self.wants_output = True
        else:
            self._output = b""
            self._conclude()

    def _fetch(self, now: float) -> None:
        self.wants_output = True

    def _killed_all(self, notice: Notice, now: float) -> None:
        if notice.first and self._killed:
            self._hunt(now)  # what was killed may have had a child since
        else:
            self._hunted = True
            self._alarms.pop(self._hunt, None)
            self._conclude()

    def _look(self, now: float) -> None:
        """See whether all that was printed has passed the valve: both ends sleep, in this order."""
        if now >= self._cut_anyway:
            self._cut(now)
        elif self._cat and self._tail:
            self._looks = []
            for pid in (self._cat, self._tail, self._cat):
                self._say(b"s %d %d" % (self.id, pid))
        else:
            self._alarms[self._look] = now + GRACE

    def _looked(self, notice: Notice, now: float) -> None:
        if notice.first == self.runner:
            if notice.state in _DEAD and not self.slot_is_free:
                self._lost(now)
            return
        self._looks.append((notice.first, notice.state))
        if len(self._looks) < _LOOKS or self.slot_is_free:
            return
        pids = self._cat, self._tail, self._cat
        if self._looks == [(pid, "S") for pid in pids]:
            self._cut(now)
        else:
            self._alarms[self._look] = now + GRACE

    def _cut(self, now: float) -> None:
        if self._cat:
            self._say(b"K %d" % self._cat)
        self._alarms[self._cut_overdue] = now + KILL_LIMIT

    def _cut_overdue(self, now: float) -> None:
        self._lost(now)

    def _time_out(self, now: float) -> None:
        self._timed_out = True
        self.kill(now)

    def _hunt(self, now: float) -> None:
        """Ask for the kill, again and again: it takes processes, of which none may be left."""
        self._say(b"k %d %d" % (self.id, self._group))
        self._alarms[self._hunt] = now + self._patience
        self._patience *= 2  # two hunts at once would take each other's processes

    def _kill_overdue(self, now: float) -> None:
        self._hunted = True
        self._lost(now)

    def _lost(self, now: float) -> None:
        """The runner will not report: killed or stopped from inside, its output with it."""
        if self._output is None and not self.wants_output:
            self._complete = False
            self._output = b""
            if self.runner:
                self._say(b"K %d" % self.runner)
        self._conclude()

    def _conclude(self) -> None:
        if self._output is not None and (self._hunted or not self._killed):
            self._finish(self._output)

    def _finish(self, output: bytes) -> None:
        self.finished = True
        self._alarms.clear()
        code = KILLED if self._code is None else self._code
        result = CommandResult(
            output=output[-OUTPUT_LIMIT:],
            exit_code=TIMED_OUT if self._timed_out else code,
            timed_out=self._timed_out,
            truncated=len(output) > OUTPUT_LIMIT or not self._complete,
        )
        if not self.future.done():
            self.future.set_result(result)


def _parts(command: bytes) -> list[bytes]:
    return [command[at : at + PART_BYTES] for at in range(0, len(command), PART_BYTES)]
