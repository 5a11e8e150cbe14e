"""Look at every GPU again and again, at a steady pace, until asked to stop."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import select
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Protocol, Self

from obs_lib.errors import NoGpu
from obs_lib.gpu.files import DailyFiles
from obs_lib.gpu.reading import Gpus, Reading

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds before the driver is opened again; each pause is twice the last."""


class Clock(Protocol):
    """now : aware, UTC. monotonic : seconds that never jump. wait : sleep, True as soon as somebody asks to stop."""

    def now(self) -> dt.datetime: ...

    def monotonic(self) -> float: ...

    def wait(self, seconds: float) -> bool: ...


@dataclass(frozen=True)
class Sampler:
    """Writes one line a GPU and look: the columns of `tables.GPU_SAMPLES`, by name.

    open_gpus : opens the driver; called again when it is lost.
    host : this machine's name in the rows.
    tell : takes one line for whoever runs it.
    """

    open_gpus: Callable[[], Gpus]
    files: DailyFiles
    clock: Clock
    host: str
    tell: Callable[[str], None]

    def run(self, interval: float, count: int | None = None) -> None:
        """Look every `interval` seconds, `count` times or until the clock says stop. NoGpu where there is none to begin with.

        The first look is one interval after the start: what it says of utilization is about the time between. Looks
        keep to the start's beat however long one takes; those that are missed are left out.
        """
        watch = _Watch(self.open_gpus, self.clock, self.tell)
        start, beat, looks = self.clock.monotonic(), 0, 0
        try:
            while count is None or looks < count:
                passed = self.clock.monotonic() - start
                beat = max(beat + 1, math.ceil(passed / interval))
                if self.clock.wait(beat * interval - passed):
                    break
                looks += 1
                at = self.clock.now()
                self.files.write(at.date(), [_line(at, self.host, reading) for reading in watch.read()])
        finally:
            watch.close()
            self.files.close()


class _Watch:
    """The GPUs, and what to do when one of them, or the driver, no longer answers.

    Those that still answer are read on. The driver is opened again after pauses that grow; that look is spent on opening,
    so that the next one has a time to say something of.
    """

    def __init__(self, open_gpus: Callable[[], Gpus], clock: Clock, tell: Callable[[str], None]) -> None:
        self._open, self._clock, self._tell = open_gpus, clock, tell
        self._gpus: Gpus | None = open_gpus()
        self._lost: list[str] = []
        self._pause, self._again = FIRST_PAUSE, math.inf

    def read(self) -> list[Reading]:
        if self._clock.monotonic() >= self._again:
            self._open_again()
            return []
        if self._gpus is None:
            return []
        readings, lost = self._gpus.read()
        if lost and not self._lost:
            self._tell(f"lost {'; '.join(lost)}; trying to open the driver again")
        if self._lost and not lost:
            self._tell("every GPU answers again")
            self._pause = FIRST_PAUSE
        self._lost = lost
        if not lost:
            self._again = math.inf
        elif self._again == math.inf:
            self._wait_longer()
        return readings

    def close(self) -> None:
        if self._gpus is not None:
            self._gpus.close()

    def _open_again(self) -> None:
        self.close()
        self._gpus, self._again = None, math.inf
        try:
            self._gpus = self._open()
        except NoGpu:
            self._wait_longer()

    def _wait_longer(self) -> None:
        self._again = self._clock.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)


class SystemClock:
    """The machine's clock, within `with`: SIGTERM and SIGINT then only end a wait, never what is being written."""

    def __enter__(self) -> Self:
        self._ends = os.pipe()
        for end in self._ends:
            os.set_blocking(end, False)
        self._woken = signal.set_wakeup_fd(self._ends[1], warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._woken)
        for end in self._ends:
            os.close(end)

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float) -> bool:
        # A signal that came since the last wait stands in the pipe already.
        return bool(select.select([self._ends[0]], [], [], max(seconds, 0.0))[0])


def _line(at: dt.datetime, host: str, reading: Reading) -> bytes:
    row = {"at": at.isoformat(timespec="milliseconds"), "host": host, **asdict(reading)}
    return json.dumps(row, separators=(",", ":"), allow_nan=False).encode() + b"\n"
