"""`make demo`: three weeks of logs through Airflow's scheduler as a backfill, with the first report after a few minutes.

Everything is kept in .demo/ (or .demo-<name>/ for own logs): started again, the demo goes on where it was. Ctrl-C stops every
process that it started.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import hashlib
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from embedded_airflow import PASSWORD, ROOT, USER, EmbeddedAirflow, NotReady, Refused
from obs_lib.errors import ObsError, SourceError

POLL_S = 2.0
QUIET_POLLS = 3
"""Looks in a row without a run before the fold counts as finished: its run starts a moment after the night's end."""

ENDED = ("success", "failed")
WORDS = {"success": "[green]done[/]", "failed": "[red]failed[/]"}


@dataclass(frozen=True)
class Job:
    """What to run and where it is kept. first, last : the days (UTC), both included."""

    home: Path
    config: Path
    first: dt.date
    last: dt.date

    @property
    def days(self) -> list[str]:
        """Every day as ISO text, oldest first."""
        return [str(self.first + dt.timedelta(days=n)) for n in range((self.last - self.first).days + 1)]


@dataclass
class Watch:
    """What has been seen so far."""

    nights: dict[str, str] = field(default_factory=dict)  # day -> state of its newest run
    reports: set[str] = field(default_factory=set)


def samples(home: Path) -> Job:
    """The example logs, written once: two routes, three weeks, quiet days and incidents."""
    from obs_lib.samples.generate import FIRST_DAY, write_samples

    logs, days = home / "logs", 21
    last = FIRST_DAY + dt.timedelta(days=days - 1)
    if not any(logs.glob(f"{last}*")):  # written last
        write_samples(logs, FIRST_DAY, days)
    return Job(home, _config(home, logs, FIRST_DAY, last), FIRST_DAY, last)


def own_logs(home: Path, folder: Path) -> Job:
    """The user's logs, from the first to the last day that they name. SourceError where there is none."""
    from obs_lib.sources.options import SourceOptions
    from obs_lib.sources.source import open_source

    days = open_source(SourceOptions(path=str(folder))).days()
    if not days:
        raise SourceError(
            "the folder holds no logs", rule="*.jsonl or *.jsonl.gz with one interaction a line", where=folder
        )
    return Job(home, _config(home, folder, days[0], days[-1]), days[0], days[-1])


def _config(home: Path, logs: Path, first: dt.date, last: dt.date) -> Path:
    """Write obs.yaml unless it is there: it may have been edited since."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "obs.yaml"
    if not path.exists():
        settings = {
            "lake": {"root": "lake"},
            "sources": [
                {"format": "native", "path": str(logs.relative_to(home) if logs.is_relative_to(home) else logs)}
            ],
            "models": {"threads": 1},  # two nights run at once: more threads than cores would halve their speed
            "scoring": {"shards": 1},  # days this small are not worth a second process that loads the models
            "schedule": {"start_date": first, "end_date": last},  # logs that have ended want no further nights
        }
        path.write_text(
            "# Written by `make demo`; edit it and start the demo again.\n" + yaml.safe_dump(settings, sort_keys=False)
        )
    return path


def run(job: Job, airflow: EmbeddedAirflow, console: Console) -> Watch:
    """Backfill the job's days and tell of each night and report as it appears; returns once all is quiet."""
    watch, asked, quiet, start = Watch(), False, 0, time.monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        nights = bars.add_task("nights ", total=len(job.days))
        reports = bars.add_task("reports", total=len(job.days))
        while quiet < QUIET_POLLS:
            airflow.check()
            if not asked:
                asked = ask(job, airflow)
            fold = look(job, airflow, watch, bars.console, time.monotonic() - start)
            bars.update(nights, completed=sum(state in ENDED for state in watch.nights.values()))
            bars.update(reports, completed=len(watch.reports))
            over = asked and all(watch.nights.get(day) in ENDED for day in job.days) and not fold
            quiet = quiet + 1 if over else 0
            time.sleep(POLL_S)
    return watch


def ask(job: Job, airflow: EmbeddedAirflow) -> bool:
    """Ask for the nights that are missing or failed; False while a backfill of an earlier start still goes on."""
    states = night_states(job, airflow)
    if all(states.get(day) == "success" for day in job.days):
        return True
    try:
        airflow.backfill(job.first, job.last)
    except Refused as refusal:
        if refusal.status != 409:
            raise
        return False
    return True


def night_states(job: Job, airflow: EmbeddedAirflow) -> dict[str, str]:
    """State of the newest run of each day that has one."""
    runs = (run for run in airflow.runs("obs_nightly") if run["data_interval_start"])
    return {day: run["state"] for run in runs if (day := run["data_interval_start"][:10]) in job.days}


def look(job: Job, airflow: EmbeddedAirflow, watch: Watch, console: Console, seconds: float) -> bool:
    """Take in what is new, print it; returns whether a run of the fold is waiting or running."""
    for day, state in night_states(job, airflow).items():
        if state in ENDED and watch.nights.get(day) != state:
            console.print(f"[dim]{_clock(seconds)}[/]  {day}  night {WORDS[state]}")
        watch.nights[day] = state
    for day in job.days:
        if day not in watch.reports and watch.nights.get(day) in ENDED and has_report(airflow, day):
            if not watch.reports:
                console.print(
                    f"[dim]{_clock(seconds)}[/]  [bold]the first report is there:[/] {report_url(airflow, day)}",
                    soft_wrap=True,
                )
            watch.reports.add(day)
    return any(one["state"] not in ENDED for one in airflow.runs("obs_report"))


def has_report(airflow: EmbeddedAirflow, day: str) -> bool:
    """Whether the page of a day can be read in Airflow."""
    path = f"/night-watch/obs/{day}"
    reply = airflow.reply(path)
    if reply.status not in (200, 404):
        raise Refused("GET", path, reply.status)
    return reply.status == 200


def report_url(airflow: EmbeddedAirflow, day: str) -> str:
    """Address of a day's report inside Airflow's UI."""
    return f"{airflow.url}/plugin/llm/night-watch/obs/{day}"


def goodbye(job: Job, airflow: EmbeddedAirflow, watch: Watch, console: Console) -> int:
    """Print what there is to see; returns the exit code."""
    failed = sorted(day for day, state in watch.nights.items() if state == "failed")
    newest = max(watch.reports, default=None)
    console.print()
    for day in failed:
        console.print(f"[red]The night of {day} failed[/]: {airflow.url}/dags/obs_nightly")
    console.print(f"Airflow        {airflow.url}  (login: {USER} / {PASSWORD})")
    if newest:
        console.print(f"Newest report  {report_url(airflow, newest)}", soft_wrap=True)
    console.print(f"Kept in        {job.home}", soft_wrap=True)
    return 1 if failed or len(watch.reports) < len(job.days) else 0


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:2d}:{int(seconds) % 60:02d}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--logs", type=Path, help="folder of your own logs in the native format, instead of the example logs"
    )
    parser.add_argument("--home", type=Path, help="folder to keep everything in")
    parser.add_argument(
        "--port", type=int, default=8080, help="port of Airflow's UI; another one is taken when it is in use"
    )
    parser.add_argument("--exit", action="store_true", help="stop as soon as the last report is there")
    return parser.parse_args()


def _home(arguments: argparse.Namespace) -> Path:
    if arguments.home:
        return Path(arguments.home).expanduser().resolve()
    if arguments.logs is None:
        return ROOT / ".demo"
    name = hashlib.sha256(os.fsencode(arguments.logs.expanduser().resolve())).hexdigest()[:8]
    return ROOT / f".demo-{name}"


def _interrupt(number: int, _: object) -> None:
    """End as Ctrl-C does, once: what comes after finds the end already under way."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(number)


def main() -> int:
    """Run the demo; 0 when every day has its report, 1 when not, 130 after Ctrl-C before that."""
    arguments, console = _arguments(), Console(highlight=False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    code = 130
    try:
        home = _home(arguments)
        job = own_logs(home, arguments.logs.expanduser().resolve()) if arguments.logs else samples(home)
        console.print(
            f"{len(job.days)} days of logs, {job.first} to {job.last}. Starting Airflow (half a minute or so) ...",
            soft_wrap=True,
        )
        with EmbeddedAirflow(home, job.config, arguments.port) as airflow:
            airflow.wait_ready()
            console.print(f"Airflow is at {airflow.url}  (login: {USER} / {PASSWORD})")
            code = goodbye(job, airflow, run(job, airflow, console), console)
            if not arguments.exit:
                console.print("Ctrl-C stops everything.")
                while True:
                    airflow.check()
                    time.sleep(1)
            console.print("Stopping ...")
    except KeyboardInterrupt:
        console.print("Everything has stopped.")
    except (NotReady, Refused, ObsError) as error:
        console.print(f"[red]{type(error).__name__}[/]: ", end="")
        console.print(str(error), markup=False, soft_wrap=True)
        code = 1
    return code


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
