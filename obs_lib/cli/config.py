"""`obs config check`: whether the settings hold; `name-models`: what the models here are called."""

from __future__ import annotations

import typer

from obs_lib.cli.console import Config, say
from obs_lib.models.processor import advice, matrix_rates
from obs_lib.pipeline.config_check import check_config
from obs_lib.pipeline.encoder_names import write_encoder_names
from obs_lib.pipeline.workspace import open_workspace
from obs_lib.settings.loading import config_path

app = typer.Typer()
config_app = typer.Typer(no_args_is_help=True)
app.add_typer(config_app, name="config", help="Look at the settings.")


@config_app.command()
def check(config: Config = None) -> None:
    """Read the settings and say whether they hold, and whether the models and judges that they name are there.

    Asks no server. Measures how fast this machine multiplies matrices in each precision.
    """
    ws = open_workspace(config)
    named = check_config(ws)
    path = config_path(config) or "no file, all defaults"
    for name, value in {"settings": f"{path} ({ws.settings.digest()})", **named}.items():
        typer.echo(f"{name:<14} {value}")
    rates = matrix_rates(ws.settings.models.threads)
    if rates:
        measured = ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items())
        typer.echo(f"{'matrices':<14} {measured} GFLOP/s on {ws.settings.models.threads} threads")
    typer.echo("good")
    if hint := advice(ws.settings.models, rates):
        say(f"hint: {hint}")


@config_app.command()
def name_models(config: Config = None) -> None:
    """Write down in the lake what the encoder here is called, for machines that plan and collect what it scores.

    Run it where days are scored, and again when its libraries or weights have changed.
    """
    ws = open_workspace(config)
    for name, value in write_encoder_names(ws.lake.files, ws.settings.models).items():
        typer.echo(f"{name:<14} {value}")
