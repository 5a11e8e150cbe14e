"""The promises of the project's own tools: what the lock holds, what an import costs, what make offers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import lock

# Seconds each at import, and needed by few steps: they are imported inside the functions that use them.
HEAVY = (
    "airflow",
    "altair",
    "apprise",
    "scipy.stats",
    "sentence_transformers",
    "sklearn",
    "spacy",
    "sqlalchemy",
    "torch",
    "transformers",
    "vl_convert",
)

# What a Dag's parse may not load: every Airflow process and every task parses the Dags.
NOT_AT_PARSE = (
    "pandas",
    "numpy",
    "pyarrow",
    "deltalake",
    "scipy",
    "torch",
    "transformers",
    "jinja2",
    "httpx",
    "fsspec",
    "rich",
    "jsonschema",
    "regex",
    "sqlglot",
    *HEAVY,
)

SETTINGS = """
judges: {manners: {rubric: toxicity, model: m, connection: c}}
evaluators: {json_schemas: {a: a.json}}
retention: {rows_days: 100}
"""

IMPORT_ALL = """
import importlib, json, pkgutil, sys
import obs_lib
names = [module.name for module in pkgutil.walk_packages(obs_lib.__path__, "obs_lib.") if not module.name.endswith("__main__")]
loaded = {}
for name in names:
    importlib.import_module(name)
    for heavy in json.loads(sys.argv[1]):
        if heavy in sys.modules:
            loaded.setdefault(heavy, name)
print(json.dumps([len(names), loaded]))
"""


@pytest.fixture(scope="module")
def project(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def text() -> str:
    return lock.LOCK.read_text(encoding="utf-8")


def entries(text: str) -> dict[str, list[tuple[Requirement, int]]]:
    """Of each locked package its pins (one for each group of Pythons), each with its number of hashes."""
    pinned: dict[str, list[tuple[Requirement, int]]] = {}
    for entry in re.split(r"\n(?=[a-z0-9])", "\n" + text.replace("\\\n", " "))[1:]:
        pin = Requirement(re.split(r"\s+(?:--hash|#)", entry)[0].strip())
        pinned.setdefault(canonicalize_name(pin.name), []).append((pin, entry.count("--hash=sha256:")))
    return pinned


def test_the_lock_satisfies_every_requirement_of_the_project(project: dict[str, Any], text: str) -> None:
    extras = project["project"]["optional-dependencies"]
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"], *chain(*extras.values())]
    locked = entries(text)
    assert len(asked) > 40
    of_others = [each for each in map(Requirement, asked) if each.name != project["project"]["name"]]
    for requirement in of_others:
        pins = locked[canonicalize_name(requirement.name)]
        for pin, _ in pins:
            (exactly,) = pin.specifier
            assert exactly.operator == "=="
            assert requirement.specifier.contains(exactly.version), f"{requirement} but {pin}: run make lock"


def test_the_lock_hashes_everything_but_torch(text: str) -> None:
    for name, pins in entries(text).items():
        for pin, hashes in pins:
            assert (hashes > 0) is (name != "torch"), str(pin)
    (torch,) = entries(text)["torch"]
    assert str(torch[0]) == f"torch=={lock.TORCH}"


def test_the_lock_belongs_to_no_machine(text: str) -> None:
    lock.check(text)


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://somewhere/simple",
        "    --find-links /opt/somewhere",
        "a @ file:///home/somebody/a.whl",
        "torch==2.13.0+cpu",
        "nvidia-cublas==13.1.0.3 \\",
        "triton==3.6.0 \\",
    ],
)
def test_a_line_of_one_machine_is_refused(line: str) -> None:
    with pytest.raises(SystemExit, match="one machine only"):
        lock.check(f"a==1 \\\n    --hash=sha256:0\n{line}\n")


def test_what_is_installed_is_what_is_locked(text: str) -> None:
    locked = entries(text)
    for name in ("pandas", "numpy", "deltalake", "apache-airflow", "transformers", "pytest", "ruff"):
        pins = [pin for pin, _ in locked[name] if pin.marker is None or pin.marker.evaluate()]
        assert [pin.specifier.contains(version(name)) for pin in pins] == [True], (
            f"{name} {version(name)}, locked {pins}"
        )


def test_importing_the_library_loads_nothing_heavy(checkout: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, json.dumps(HEAVY)],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    modules, loaded = json.loads(answer.stdout)
    assert modules > 20
    assert loaded == {}, "library: the module whose import loads it"


def test_parsing_the_dags_loads_nothing_heavy(checkout: Path, tmp_path: Path) -> None:
    """Of this library and by it: something stands in for Airflow."""
    (tmp_path / "obs.yaml").write_text(SETTINGS)
    answer = subprocess.run(
        [sys.executable, checkout / "tests" / "parse_dags.py"],
        cwd=tmp_path,
        env=os.environ | {"OBS_CONFIG": str(tmp_path / "obs.yaml"), "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    parsed = json.loads(answer.stdout)
    assert {"nightly", "report", "maintenance", "pages", "sensor"} <= set(parsed["files"])
    assert "obs_lib.settings.settings" in parsed["loaded"]
    assert sorted(set(NOT_AT_PARSE) & set(parsed["loaded"])) == []


def test_tests_of_one_group_stay_on_one_worker(tmp_path: Path) -> None:
    """Airflow's tests count on it, and a release of pytest once stopped it without a word."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_group.py").write_text(
        "import os, pathlib, pytest\n"
        "@pytest.mark.xdist_group('one')\n"
        "@pytest.mark.parametrize('n', range(8))\n"
        "def test_here(n): pathlib.Path(f'{os.environ[\"PYTEST_XDIST_WORKER\"]}-{n}').touch()\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=True)
    workers = {path.name.partition("-")[0] for path in tmp_path.glob("gw*")}
    assert len(workers) == 1
    assert len(list(tmp_path.glob("gw*"))) == 8


def test_help_names_every_goal_that_a_user_types(checkout: Path) -> None:
    shown = subprocess.run(
        ["make", "help"], cwd=checkout, capture_output=True, text=True, timeout=30, check=True
    ).stdout
    phony = re.search(r"^\.PHONY: (.+)$", (checkout / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert phony
    for goal in phony[1].split():
        assert re.search(rf"^  make {goal}\b.*\w{{3}}", shown, flags=re.MULTILINE), goal
