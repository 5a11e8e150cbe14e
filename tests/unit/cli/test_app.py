"""The list of commands: true to the commands themselves, and cheap."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from obs_lib import __version__
from obs_lib.cli.app import SUBJECTS, app, imported

NAMES = [name for subject in SUBJECTS for name in subject.commands]

LOADED = """
import json, sys
from obs_lib.cli import main
sys.argv = ["obs", *json.loads(sys.argv[1])]
try:
    main()
except SystemExit:
    heavy = {"deltalake", "numpy", "pandas", "pyarrow", "scipy", "torch"} & set(sys.modules)
    print(sorted(heavy), file=sys.stderr)
"""


@pytest.mark.parametrize("name", NAMES)
def test_the_list_says_what_the_command_says_of_itself(name: str) -> None:
    summary = {name: text for subject in SUBJECTS for name, text in subject.commands.items()}[name]
    text = " ".join((imported(name).help or "").split("\n\n")[0].split())
    assert text.startswith(summary)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_helpful(name: str) -> None:
    """And so is each of its options: a help that says nothing is none."""
    command = imported(name)
    for each in getattr(command, "commands", {"": command}).values():
        assert len(each.help) > 20
        assert [option.name for option in each.params if len(getattr(option, "help", None) or "") < 8] == []
    shown = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    assert "Usage: obs" in shown.output


def test_help_lists_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert [name for name in NAMES if f" {name} " not in shown] == []


def test_the_version_is_an_option() -> None:
    shown = CliRunner().invoke(app, ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"{__version__}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["nobody"], ["gpu-sample", "--help"]])
def test_what_needs_no_lake_loads_none(checkout: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-c", LOADED, json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=checkout, timeout=60, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
