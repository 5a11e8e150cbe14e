"""`obs topics`: what prompts are about. `fit` finds topics and writes them down; `list` reads the lake and changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import pandas as pd
import typer

from obs_lib.cli.console import Config, Json, day_of, say
from obs_lib.cli.printing import print_frame
from obs_lib.errors import ConfigError
from obs_lib.pipeline.night import days_between
from obs_lib.pipeline.topics import by_topic, fit_topics, known_topics, topic_rows
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.records import Day
from obs_lib.summaries.topic_fit import MOST_TOPICS

app = typer.Typer()
commands = typer.Typer(no_args_is_help=True, help="What prompts are about.")
app.add_typer(commands, name="topics")

First = Annotated[Day, typer.Argument(parser=day_of, metavar="FIRST", help="First day in UTC.")]
Last = Annotated[Day, typer.Argument(parser=day_of, metavar="LAST", help="Last day in UTC.")]


@commands.command("fit")
def fit_command(
    first: First,
    last: Last,
    most: Annotated[int, typer.Option(min=1, max=100, help="Topics at most, known ones included.")] = MOST_TOPICS,
    afresh: Annotated[bool, typer.Option("--afresh", help="Forget the known topics and begin anew.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Find topics among the prompts of FIRST to LAST and write them down.

    Known topics stay as they are, with their names; prompts that have none of them become new ones where enough are alike.
    From then on nights slice by them where `segments` names `topic`; days that are in the lake already follow when they are
    run again.
    """
    ws = open_workspace(config)
    days = days_between(first, last)
    topics = fit_topics(ws, days, most=most, afresh=afresh)
    _print(ws, days, json)
    if not by_topic(ws):
        say("`segments` in the settings does not name `topic`: nights do not slice by these yet")
    say(f"{len(topics.topics)} topics; `obs backfill {first} {last}` slices these days by them")


@commands.command("list")
def list_command(first: First, last: Last, config: Config = None, json: Json = False) -> None:
    """List the topics with their sizes over FIRST to LAST and the prompts that are nearest to each, masked."""
    _print(open_workspace(config), days_between(first, last), json)


def _print(ws: Workspace, days: list[Day], json: bool) -> None:
    topics = known_topics(ws)
    if topics is None:
        raise ConfigError("there are no topics yet", fix="find some: `obs topics fit FIRST LAST`", where=ws.lake.root)
    rows = [asdict(row) for row in topic_rows(ws, topics, days)]
    if not json:
        rows = [{**row, "examples": " | ".join(row["examples"])} for row in rows]
    print_frame(pd.DataFrame(rows), json)
