"""A machine's GPUs without the machine: another implementation of `Gpus`, and of the clock.

Run as a program it is `obs gpu-sample` over these GPUs: `python -m tests.unit.gpu.simulated FOLDER INTERVAL`.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path

from obs_lib.errors import NoGpu
from obs_lib.gpu.files import DailyFiles
from obs_lib.gpu.reading import Gpus, Reading
from obs_lib.gpu.sampler import Sampler, SystemClock


def reading(index: int = 0, **given: object) -> Reading:
    fields = {
        "name": "NVIDIA H100 80GB HBM3",
        "sm_utilization": 0.5,
        "sm_source": "gpm",
        "memory_used": 40 * 2**30,
        "memory_total": 80 * 2**30,
        "power_w": 420.5,
        "throttle": ["sw_power_cap"],
        "processes": [{"pid": 4711, "memory": 2**30}, {"pid": 4712, "memory": None}],
    }
    return Reading(gpu=f"GPU-{index:04d}", index=index, **(fields | given))  # type: ignore[arg-type]


class Machine:
    """`gpus` GPUs. `weather` says of a look, counted from 1 over all openings, which of them are lost; None for the
    driver itself: then every one is, and nothing can be opened until a look is fine again.
    """

    def __init__(self, gpus: int = 1, weather: Callable[[int], set[int] | None] = lambda look: set()) -> None:
        self.gpus, self.weather = gpus, weather
        self.looks = self.opened = self.closed = 0

    def open(self) -> Gpus:
        self.opened += 1
        if self.weather(self.looks + 1) is None:
            self.looks += 1
            raise NoGpu("no GPU answers here: Driver Not Loaded")
        return self

    def read(self) -> tuple[list[Reading], list[str]]:
        self.looks += 1
        lost = self.weather(self.looks)
        gone = set(range(self.gpus)) if lost is None else lost
        return [reading(n) for n in range(self.gpus) if n not in gone], [f"GPU {n}: GPU is lost" for n in sorted(gone)]

    def close(self) -> None:
        self.closed += 1


class HandClock:
    """A clock that only waiting moves; `stop` ends it after that many seconds; `late` is what each look takes."""

    def __init__(self, start: dt.datetime, stop: float = float("inf"), late: float = 0.0) -> None:
        self.start, self.stop, self.late, self.seconds = start, stop, late, 0.0

    def now(self) -> dt.datetime:
        at = self.start + dt.timedelta(seconds=self.seconds)
        self.seconds += self.late
        return at

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> bool:
        assert seconds >= 0
        self.seconds += seconds
        return self.seconds > self.stop


def main() -> None:
    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    with SystemClock() as clock:
        print("started", flush=True)
        Sampler(Machine(2).open, DailyFiles(Path(sys.argv[1]), "node1", tell), clock, "node1", tell).run(
            float(sys.argv[2])
        )
    print("stopped", flush=True)


if __name__ == "__main__":
    main()
