"""Every bound of a conversation with a computer, in seconds and bytes, in one place.

What is at the other end may be hostile: it forges, swallows and garbles. So no wait is without
a bound here, and no buffer.
"""

from __future__ import annotations

from typing import Final

HELLO_LIMIT: Final = 30.0
"""From the start of a container to the first sign of life."""
ACK_LIMIT: Final = 30.0
"""From the last byte of a part of a long command to its acknowledgement."""
WRITE_LIMIT: Final = 30.0
"""Without one more byte taken by the stream while there are bytes to write."""
FETCH_LIMIT: Final = 30.0
"""From asking for an output to its last byte."""
PING_INTERVAL: Final = 0.5
"""Between two questions whether what is running still runs."""
PONG_LIMIT: Final = 30.0
"""From a ping to its answer; a machine full of runaway processes answers late."""
GRACE: Final = 0.02
"""From a command's exit to the first look whether a background child still holds its output."""
DRAIN_LIMIT: Final = 2.0
"""From a command's exit to the cut of an output that a background child keeps filling."""
KILL_LIMIT: Final = 10.0
"""From a kill to the result, whether or not everything was heard of that should be."""
START_LIMIT: Final = 60.0
"""From sending a command to the first sign of it; killed before that, it gives none."""
RETRY_INTERVAL: Final = 0.25
"""Between two tries when no process could be started."""
SPAWN_LIMIT: Final = 10.0
"""From the first try to start a process to giving up."""
ENGINE_LIMIT: Final = 60.0
"""For one answer of the engine, a removal included."""

INLINE_LIMIT: Final = 4096
"""Bytes of a command that travels in the frame itself; a longer one goes in parts."""
PART_BYTES: Final = 1024 * 1024
"""Bytes of one part of a long command."""
NOTICE_LIMIT: Final = 1024
"""Bytes of a line that a computer says of itself; what is longer is garbage."""
SCRATCH_BYTES: Final = 128 * 1024 * 1024
"""Size of the memory-backed directory that holds long commands and outputs in a container."""
PID_LIMIT: Final = 1 << 22
"""No process number of Linux is above this."""
