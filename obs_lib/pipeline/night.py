"""Whole nights without Airflow: one day, a range of days, and the fold after them."""

from __future__ import annotations

import datetime as dt
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import active_children, get_context
from pathlib import Path

from obs_lib.errors import ConfigError, LakeDamaged, ObsError
from obs_lib.pipeline.alert import alert
from obs_lib.pipeline.anchor import STEP as ANCHOR
from obs_lib.pipeline.at_work import at_work_on
from obs_lib.pipeline.collect import collect
from obs_lib.pipeline.compare import compare
from obs_lib.pipeline.evaluate import evaluate
from obs_lib.pipeline.fold import LEFT_STEPS, history
from obs_lib.pipeline.ingest import ingest, late_days
from obs_lib.pipeline.migrate import up_to_date
from obs_lib.pipeline.plan import plan
from obs_lib.pipeline.render import render
from obs_lib.pipeline.summarise import summarise
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.records import Day
from obs_lib.settings.scoring import ScoringOptions

_TIMES = 3  # that a fold begins; a table that is damaged while it is written is not mended by writing it again
Tell = Callable[[str], None]


def run_day(
    ws: Workspace,
    day: Day,
    scoring: ScoringOptions | None = None,
    tell: Tell = lambda _: None,
    *,
    afresh: bool = False,
) -> dict[str, object]:
    """The pure half of one night: ingest, plan, evaluate each shard, collect, summarise. `tell` hears each step's name.

    A shard that fails for a reason of its own is left to `collect`, which turns it into FAILED rows. Where a table turns out
    to be damaged, its step counts as failed and the day is run again. afresh : whether every table of the day is written
    again, whatever stands there.
    """
    with at_work_on(ws.lake.files, day):
        while True:
            try:
                return _run_steps(ws, day, scoring, tell, afresh)
            except LakeDamaged as error:
                if not ws.lake.lose(error):
                    raise


def _run_steps(ws: Workspace, day: Day, scoring: ScoringOptions | None, tell: Tell, afresh: bool) -> dict[str, object]:
    tell("ingest")
    read = ingest(ws, day, afresh=afresh)
    tell("plan")
    planned = plan(ws, day, scoring)
    for shard in range(planned.shards):
        tell(f"evaluate {shard + 1}/{planned.shards}")
        try:
            evaluate(ws, day, planned.id, shard)
        except LakeDamaged:
            raise
        except (ObsError, OSError) as error:
            ws.lake.log("failure", f"{day} evaluate {shard}", "FAILED", str(error))
    tell("collect")
    collect(ws, day, planned.id)
    tell("summarise")
    summarise(ws, day)
    return read


def fold(ws: Workspace, tell: Tell = lambda _: None) -> list[str]:
    """Compare, alert and render whatever is stale; returns the days rendered.

    What one of these steps had written and a later one finds damaged is made again.
    """
    rendered: set[str] = set()
    for _ in range(_TIMES):
        tell("compare")
        compare(ws)
        tell("alert")
        alert(ws)
        tell("render")
        rendered.update(render(ws))
        if all(record.step in LEFT_STEPS or record.step == ANCHOR for record in history(ws).lost):
            break
    return sorted(rendered)


def run_late_days(ws: Workspace, day: Day, tell: Tell = lambda _: None) -> list[Day]:
    """Run again the days before `day` whose logs changed since they were read."""
    days = late_days(ws, day)
    for late in days:
        run_day(ws, late, tell=tell)
    return days


def run_days(
    config: str | Path | None, days: list[Day], jobs: int = 1
) -> Iterator[tuple[Day, ObsError | OSError | None]]:
    """Run the pure half of many days, `jobs` at a time, yielding each day as it ends, with its error if it failed.

    Days do not know each other, so a failed day stops no other.
    """
    if jobs == 1:
        ws = open_workspace(config)
        for day in days:
            yield day, _run(ws, day)
        return
    up_to_date(open_workspace(config).lake)  # once, not by each process
    # spawn: a forked child would share the parent's threads of torch and the object store.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=end_as_interrupted) as pool:
        running = {pool.submit(_run_in_process, config, day): day for day in days}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in active_children():
                child.terminate()
            raise


def end_as_interrupted() -> None:
    """Let a process that is told to end, or whose terminal is gone, clean up as after Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def days_between(first: Day, last: Day) -> list[Day]:
    """Every day from first to last, both included."""
    if last < first:
        raise ConfigError("the range of days is empty", rule="first day not after the last", found=f"{first} to {last}")
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def _run(ws: Workspace, day: Day) -> ObsError | OSError | None:
    try:
        run_day(ws, day)
    except (ObsError, OSError) as error:
        return error
    return None


def _run_in_process(config: str | Path | None, day: Day) -> ObsError | OSError | None:
    error = _run(open_workspace(config), day)
    # An error of the tree carries keyword arguments and does not pickle; its message and its exit code do.
    return None if error is None else _plain(error)


def _plain(error: ObsError | OSError) -> ObsError:
    plain = ObsError(str(error))
    plain.exit_code = error.exit_code if isinstance(error, ObsError) else ObsError.exit_code
    return plain
