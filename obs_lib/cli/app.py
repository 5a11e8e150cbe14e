"""The command `obs`: which commands there are, and how an error ends one.

A command's module is imported when the command is called: `obs --help` answers at once, and `obs gpu-sample`, which runs for
months beside an inference server, loads neither pandas nor Arrow.

Exit codes: 0 done; 1 some days, lines or pairs failed, a gate did not pass, or an error that no other code names; 2 settings or
arguments; 3 logs, or no GPU to sample; 4 lake.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from obs_lib import __version__
from obs_lib.cli.console import messages, say
from obs_lib.errors import ObsError
from obs_lib.redaction.secrets import mask_secrets
from obs_lib.reporting.safe import visible


@dataclass(frozen=True, slots=True)
class Subject:
    """The commands of one module of this package. commands : by name, the first sentence of their help."""

    title: str
    module: str
    commands: dict[str, str]


SUBJECTS = (
    Subject(
        "Nights",
        "nights",
        {
            "run": "Run one night: read, score and sum up DAY, then compare, alert, render, notify and export.",
            "ingest": "Read the logs of DAY into the lake, and print what was read, rejected and why.",
            "backfill": "Run every day from FIRST to LAST, then the fold over all that changed.",
        },
    ),
    Subject(
        "Nights",
        "exports",
        {"export": "Send the scores of DAY to the receivers that `exports` names, whether or not they have them."},
    ),
    Subject(
        "What nights found",
        "show",
        {
            "days": "List the days of the lake: how far each has come, and what its report says.",
            "report": "Print the report of DAY: as text, or its HTML page with --html.",
            "metrics": "Print the metrics of DAY.",
        },
    ),
    Subject(
        "What nights found",
        "power",
        {"power": "Say what changes of METRIC a night can show, and how many answers smaller ones need."},
    ),
    Subject(
        "What nights found",
        "versions",
        {"compare-versions": "Compare version B with version A, metric by metric."},
    ),
    Subject("What nights found", "drift", {"drift": "Days against other days."}),
    Subject("What nights found", "topics", {"topics": "What prompts are about."}),
    Subject(
        "What nights found",
        "alerts",
        {"alerts": "Print the incidents of DAY, or act on one, explain it, replay history."},
    ),
    Subject(
        "The lake",
        "lake",
        {
            "maintain": "Drop what is older than the settings keep, join small files, and let old versions go.",
            "forget": "Erase a person or a request from every table and every kept version, and re-make what showed them.",
        },
    ),
    Subject(
        "Quality",
        "quality",
        {
            "score": "Score every line of FILE with one evaluator, and write one result a line, in the same order.",
            "bench": "Measure the evaluators against people's labels.",
        },
    ),
    Subject(
        "Quality",
        "dataset",
        {"dataset": "Write the interactions behind a metric, an incident or a segment, masked, one a line."},
    ),
    Subject(
        "Quality",
        "gate",
        {"gate": "Score the answers of SUITE and hold them against the objectives and against DAYS of the lake."},
    ),
    Subject("Quality", "labels", {"labels": "People's labels."}),
    Subject("Quality", "judge", {"judge": "Language models as judges."}),
    Subject("Others", "config", {"config": "Look at the settings."}),
    Subject("Others", "gpu", {"gpu-sample": "Sample every GPU of this machine through NVML, as JSON lines."}),
    Subject("Others", "samples", {"sample-logs": "Write generated example logs of two routes into FOLDER."}),
)


class Commands(TyperGroup):
    """The commands of every subject: named from the table above, imported when one is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order in which help lists them."""
        return [name for subject in SUBJECTS for name in subject.commands]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return what help says of a command; None where there is none."""
        for subject in SUBJECTS:
            if cmd_name in subject.commands:
                return TyperCommand(cmd_name, help=subject.commands[cmd_name], rich_help_panel=subject.title)
        return None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the arguments call, from its module."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and imported(command.name), rest


def imported(name: str | None) -> Any:
    """The command of that name, from the module that holds it."""
    module = next(subject.module for subject in SUBJECTS if name in subject.commands)
    return get_group(import_module(f"obs_lib.cli.{module}").app).commands[str(name)]


app = typer.Typer(name="obs", cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def obs(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """The LLM night watch, without Airflow."""


def main() -> None:
    """Run the command that was typed; an error of the tree becomes one message and its exit code."""
    # Numeric results depend on the thread count, so it comes from the settings; tokenizers' own threads only add noise.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    for number in (signal.SIGTERM, signal.SIGHUP):  # clean up as after Ctrl-C
        signal.signal(number, signal.default_int_handler)
    try:
        app()
    except ObsError as error:
        messages.print(f"[bold red]{type(error).__name__}[/]", end=" ")
        messages.print(visible(mask_secrets(str(error))), markup=False)
        sys.exit(error.exit_code)
    except OSError as error:
        say(mask_secrets(f"cannot go on: {error}"))
        sys.exit(ObsError.exit_code)
