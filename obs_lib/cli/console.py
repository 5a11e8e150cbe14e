"""What every command shares: the two outputs, and the arguments that mean the same everywhere.

Messages and progress go to stderr; stdout carries only what was asked for.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from obs_lib.reporting.safe import visible

_PIPE_WIDTH = 200
FIRST, LAST = dt.date(1970, 1, 1), dt.date(9990, 12, 31)

messages = Console(stderr=True, highlight=False)


def say(line: str) -> None:
    """One line on stderr: text from logs or settings is no markup, and no command to the terminal."""
    messages.print(visible(line), soft_wrap=True, markup=False)


@contextmanager
def progress(subject: str) -> Iterator[Callable[[str], None]]:
    """A line on a terminal that says what is being done; hands out what tells it the next step."""
    with messages.status(Text(subject)) as status:
        yield lambda step: status.update(Text(f"{subject} {step}"))


def output() -> Console:
    """Stdout for tables. A pipe or a file has no width of its own, and 80 columns would break every cell."""
    return Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False)


def day_of(text: str) -> dt.date:
    """The day that an argument names, from 1970 on and with room for the days around it."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"must be a day such as 2024-03-01, found {text!r}") from None
    if not FIRST <= day <= LAST:
        raise typer.BadParameter(f"must be a day from {FIRST} to {LAST}, found {text!r}")
    return day


def write_new_lines(out: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """JSON Lines in a file that must not be there."""
    try:
        with out.open("x", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    except FileExistsError:
        raise typer.BadParameter(
            f"{out} is there already, perhaps with people's work in it", param_hint="--out"
        ) from None


Config = Annotated[Path | None, typer.Option("--config", help="Settings file; default $OBS_CONFIG, else ./obs.yaml.")]
DayArgument = Annotated[dt.date, typer.Argument(parser=day_of, metavar="DAY", help="Day in UTC, such as 2024-03-01.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
