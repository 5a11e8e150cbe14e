"""A lake that lives long: night after night with late rows, erasures, model versions that change, retention and maintenance.

The nights are the real steps over generated logs. Only the encoder has no model, and time is squeezed: the days lie in the
future, so that what a night has just written is old by the day's own clock, and tables forget at once what they replaced, as
they do in life after `retention.vacuum_hours`.
"""

from __future__ import annotations

import datetime as dt
import gzip
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import yaml

from obs_lib.lake.maintenance import checkpoint, vacuum
from obs_lib.lake.tables import TABLES
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.day_list import lake_days
from obs_lib.pipeline.forget import forget
from obs_lib.pipeline.maintain import maintain
from obs_lib.pipeline.night import fold, run_day, run_late_days
from obs_lib.pipeline.pages import index, shown_page
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.samples.generate import day_lines

FIRST = dt.date(2040, 1, 1)
CYCLE = 21  # nights after which the incidents of the samples come again
LATE, MAINTAINED, ERASED = 7, 7, 60  # nights between late rows, maintenances and erasures
_SETTINGS = {
    "scoring": {"evaluators": ["format"]},
    "retention": {"rows_days": 21, "gpu_days": 21, "operations_days": 30, "settle_days": 14},
}
_FORGET_AT_ONCE = {
    "delta.deletedFileRetentionDuration": "interval 0 seconds",
    "delta.logRetentionDuration": "interval 0 seconds",
}


_FRESH = get_context("forkserver")
_FRESH.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class Taken:
    """What one night took.

    seconds, processor : of the night from logs to report, in s, and of the processor alone.
    maintenance, erasure : s of the processor for what came after the night; None where it did not.
    index : the same of the list of days and the night's page.
    memory : the most bytes that were resident.
    files, size : files and bytes of the lake by table, with `files` for what lies beside the tables.
    """

    night: int
    seconds: float
    processor: float
    maintenance: float | None
    erasure: float | None
    index: float
    memory: int
    files: dict[str, int]
    size: dict[str, int]


class Year:
    """The nights of one lake, oldest first. per_route : interactions a night on each of two routes."""

    def __init__(self, folder: Path, per_route: int = 30) -> None:
        self._logs, self._per_route, self._next = folder / "logs", per_route, 0
        self._logs.mkdir(parents=True)
        settings = {"lake": {"root": "lake"}, "sources": [{"format": "native", "path": "logs"}], **_SETTINGS}
        (folder / "obs.yaml").write_text(yaml.safe_dump(settings))
        self._root = folder / "lake"

    def night(self) -> Taken:
        """Run the next night, and what follows on it, in a process of its own, as in life: forked from one that has imported
        everything and has never opened a lake.
        """
        number = self._next
        self._next += 1
        self._write(number)
        ours, its = _FRESH.Pipe(duplex=False)
        process = _FRESH.Process(target=_send, args=(its, self, number))
        process.start()
        its.close()
        try:
            taken: Taken = ours.recv()
        finally:
            process.join()
        return taken

    def run(self, number: int) -> Taken:
        """The night of that number, here and now."""
        day, ws = FIRST + dt.timedelta(days=number), self._opened()
        begun, cpu = time.perf_counter(), time.process_time()
        run_day(ws, day)
        run_late_days(ws, day)
        fold(ws)
        seconds, processor = time.perf_counter() - begun, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        shown = _cpu(lambda: self._look(day))
        erasure = _cpu(lambda: self._erase(day)) if number % ERASED == ERASED - 1 else None
        maintenance = _cpu(lambda: self._maintain(day)) if number % MAINTAINED == MAINTAINED - 1 else None
        files, size = self._measured()
        return Taken(number + 1, seconds, processor, maintenance, erasure, shown, memory, files, size)

    def _opened(self) -> Workspace:
        """As the process of a night opens it, but for the encoder."""
        ws = open_workspace(self._root.parent / "obs.yaml")
        ws.__dict__["encoder"] = HashingEncoder()
        return ws

    def _write(self, number: int) -> None:
        """The night's logs; once in LATE nights rows of two nights ago come late."""
        self._append(number, range(self._per_route * 2))
        if number % LATE == LATE - 3:
            self._append(number - 2, range(self._per_route * 2, self._per_route * 2 + 4))

    def _append(self, number: int, lines: range) -> None:
        day, cycle = FIRST + dt.timedelta(days=number), number // CYCLE
        made = day_lines(day, number % CYCLE + 1, 7 + cycle, self._per_route + 2)
        with gzip.open(self._logs / f"{day}.jsonl.gz", "at", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in made[lines.start : lines.stop])

    def _erase(self, day: dt.date) -> None:
        forget(self._opened(), "user", f"u-{day.toordinal() % 240:03d}")

    def _maintain(self, day: dt.date) -> None:
        ws, noon = self._opened(), dt.datetime.combine(day + dt.timedelta(days=1), dt.time(12), dt.UTC)
        maintain(ws, now=noon)
        for table in TABLES:
            if (opened := ws.lake.open(table)) is not None:
                opened.alter.set_table_properties(_FORGET_AT_ONCE, raise_if_not_exists=False)
                vacuum(ws.lake, table, 0)
                checkpoint(ws.lake, table)

    def _look(self, day: dt.date) -> None:
        ws = self._opened()
        assert str(day) in index(ws)
        assert lake_days(ws)[0].day == day
        assert shown_page(ws, day)

    def _measured(self) -> tuple[dict[str, int], dict[str, int]]:
        files: dict[str, int] = {}
        size: dict[str, int] = {}
        for path in self._root.rglob("*"):
            if path.is_file():
                name = path.relative_to(self._root).parts[0]
                files[name], size[name] = files.get(name, 0) + 1, size.get(name, 0) + path.stat().st_size
        return files, size


def _send(answer: Connection, year: Year, number: int) -> None:
    answer.send(year.run(number))


def _cpu(do: Callable[[], object]) -> float:
    begun = time.process_time()
    do()
    return time.process_time() - begun
