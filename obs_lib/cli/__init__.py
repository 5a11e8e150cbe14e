"""`obs`: the night's steps without Airflow. Public: `main`, the command's entry point."""

from obs_lib.cli.app import main

__all__ = ["main"]
