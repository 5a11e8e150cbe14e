"""What every test may ask for. Tests of Airflow bring their own, in tests/dags."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import settings

from obs_lib.catalogue import EVALUATORS
from tests.receivers import Receiver, http_receiver, smtp_receiver

# Threads of torch wait for each other asleep, not in a loop: beside a second process on the same cores a loop takes many times
# as much as the work itself. Read when torch is loaded, which is later.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# In CI the same examples each time, so that a red run can be repeated; elsewhere new ones, so that something is found.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stays on one of several workers.

    Tests that start Airflow: two of them at once would be slower than in turn. Those of one file whose nights are shared: each
    worker would make them anew.
    """
    for item in items:
        if {"dags", "e2e"} & set(item.path.parts):
            item.add_marker(pytest.mark.xdist_group("airflow"))
        elif {"pipeline", "cli"} & set(item.path.parts):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top folder of the project."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def acme_site(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that tests/packages/acme_extensions is installed into, with its entry points; on nobody's path yet."""
    folder = tmp_path_factory.mktemp("acme")
    shutil.copytree(
        checkout / "tests" / "packages" / "acme_extensions", folder / "source"
    )  # building leaves files behind
    install = ["uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation"]
    places = ["--python", sys.executable, "--target", str(folder / "site"), str(folder / "source")]
    subprocess.run([sys.executable, "-m", *install, *places], check=True, timeout=120)
    return folder / "site"


@pytest.fixture
def acme(acme_site: Path) -> Iterator[Path]:
    """The same folder, on the path of this process while the test runs."""
    with pytest.MonkeyPatch.context() as path:
        path.syspath_prepend(acme_site)
        yield acme_site
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_extensions"]:
        del sys.modules[name]
    EVALUATORS.use(())  # nothing of it is installed any more


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A real HTTP server that answers as the test asks it to."""
    with http_receiver() as running:
        yield running


@pytest.fixture
def mailbox() -> Iterator[tuple[int, list[Message]]]:
    """A real SMTP server: (port, messages received)."""
    with smtp_receiver() as running:
        yield running


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real logs and people's labels. Skips where there is none: they are no part of the project."""
    named = os.environ.get("OBS_REAL_DATA")
    if not named:
        pytest.skip("needs the real logs: set OBS_REAL_DATA to the folder that holds logs/chat and logs/rag")
    folder = Path(named)
    if not (folder / "logs" / "chat").is_dir():
        pytest.fail(f"OBS_REAL_DATA names {folder}, which has no logs/chat")
    return folder
