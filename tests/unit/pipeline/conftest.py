"""A small world: a few days of generated logs and a workspace over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.samples.generate import write_samples
from tests.encoder import FEW_TEXTS, read_everything, remember_readings

FIRST = dt.date(2024, 3, 1)
MakeWorkspace = Callable[..., Workspace]


@pytest.fixture(autouse=True, scope="module")
def _readings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        remember_readings(patch)
        yield


@pytest.fixture
def read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """For nights that show that the same text read again gives the same: nothing is remembered."""
    read_everything(monkeypatch)


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five days of sample logs, twelve interactions a route and day."""
    folder = tmp_path_factory.mktemp("logs")
    write_samples(folder, FIRST, 5, per_route=12)
    return folder


@pytest.fixture
def make_workspace(tmp_path: Path, logs: Path) -> MakeWorkspace:
    """Make a workspace with a lake of its own; keyword arguments are sections of the settings."""

    def make(name: str = "one", **sections: object) -> Workspace:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        native = {"format": "native", "path": str(logs)}
        settings = {"lake": {"root": "lake"}, "sources": [native], "models": FEW_TEXTS, **sections}
        (folder / "obs.yaml").write_text(yaml.safe_dump(settings))
        return open_workspace(folder / "obs.yaml")

    return make
