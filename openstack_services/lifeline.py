"""End a process when its parent ends, however that ends.

For Linux, and of the standard library alone: `inside` uses it too.
"""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with_parent(number: signal.Signals, parent: int) -> None:
    """Let the kernel send us `number` when the thread that made us ends.

    Race: the parent may have ended before this call; we then are another process's child already, and go at once.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)
