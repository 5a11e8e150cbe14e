"""What is read of a GPU, and from what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at one GPU: the columns of `tables.GPU_SAMPLES` but `at` and `host`. None is what this GPU cannot say.

    gpu : its UUID. index : its number on this machine, which may change when the machine starts again.
    sm_utilization : share in [0, 1] since the last look ("gpm"), or over the driver's last sample period ("nvml").
    sm_source : which of the two; None exactly where sm_utilization is.
    memory_used, memory_total : bytes.
    throttle : reasons that hold the clocks down, as in `records.CLOCK_REASONS`; empty where they are free.
    ecc_corrected, ecc_uncorrected : errors since the driver was loaded.
    processes : {pid, memory} of those that use it; memory is in bytes, or None.
    """

    gpu: str
    index: int
    name: str | None = None
    sm_utilization: float | None = None
    sm_source: str | None = None
    memory_used: int | None = None
    memory_total: int | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    temperature_c: float | None = None
    sm_clock_mhz: float | None = None
    memory_clock_mhz: float | None = None
    throttle: list[str] | None = None
    ecc_corrected: int | None = None
    ecc_uncorrected: int | None = None
    processes: list[dict[str, Any]] | None = None


class Gpus(Protocol):
    """The GPUs of this machine, opened. Opening raises NoGpu where none answers.

    read : a reading of each that answers, and one line for each that does not, saying which and why. Never raises for
        what the driver does.
    close : may be called on a driver that is gone.
    """

    def read(self) -> tuple[list[Reading], list[str]]: ...

    def close(self) -> None: ...
