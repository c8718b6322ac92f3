"""SIGTERM, SIGINT and SIGHUP as a flag that training polls, so that it ends at a whole step."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any

EXIT_CODE = 75  # EX_TEMPFAIL of sysexits.h: run the same command again


class Interrupted(Exception):
    """Training was asked to stop."""


class Interruption(AbstractContextManager):
    """Notes the first SIGTERM, SIGINT or SIGHUP (a terminal that is closed); `check` raises it where stopping is safe.

    After the first signal Ctrl-C has its usual meaning again, so a second one ends the process at once, even inside a
    call that never returns to Python. Under `nohup` a SIGHUP stays without effect. Outside the main thread, where
    Python admits no handlers, it never fires.
    """

    def __init__(self) -> None:
        self.signal: str | None = None
        self._former: dict[int, Any] = {}

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                    self._former[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if self.signal is None:
            self.signal = signal.Signals(number).name
            # Not print: the signal may have come in the middle of one, and buffered streams are not re-entrant.
            text = f"\n{self.signal}: stopping at the next whole step (Ctrl-C again ends at once)\n"
            try:
                os.write(2, text.encode())
            except OSError:  # the terminal is gone, and whatever is printed before the state is saved would fail
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    def check(self) -> None:
        """Stop here if a signal has come.

        Raises:
            Interrupted: A signal has come.
        """
        if self.signal is not None:
            raise Interrupted(self.signal)

    def wait_for(self, function: Callable[..., Any], *arguments: object, poll: float = 0.1) -> Any:
        """Call `function` in a thread and return its result, stopping the wait (not the thread) when a signal comes.

        For calls that stay outside Python for long, as a first call does while XLA compiles: there a signal would
        otherwise go unseen until it is over.

        Raises:
            Interrupted: A signal came first. The thread lives on: end the process by `leave`.
        """
        outcome: dict[str, Any] = {}

        def call() -> None:
            try:
                outcome["result"] = function(*arguments)
            except BaseException as error:
                outcome["error"] = error

        thread = threading.Thread(target=call, name="waited-for", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(poll)
            if thread.is_alive():
                self.check()
        if "error" in outcome:
            raise outcome["error"]
        return outcome["result"]


def leave(code: int) -> None:
    """End the process without waiting for threads that are still compiling; all files must be closed already."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
