"""`obs`: the night's steps without Airflow."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `obs` command; importing this module stays cheap, so that `obs --help` is quick."""
    from obs_lib.cli.commands import run_app

    run_app()
