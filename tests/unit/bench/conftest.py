"""A workspace whose encoder is not a model, and labelled sets that are made up."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from obs_lib.evaluators.build import build
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.workspace import Workspace, open_workspace


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Every evaluator, on vectors of hashed words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OBS_CONFIG", raising=False)
    workspace = open_workspace()
    made: dict[str, Any] = {"encoder": HashingEncoder(), "evaluators": build(EvaluatorOptions(), HashingEncoder())}
    workspace.__dict__.update(made)  # where cached properties keep what they made
    return workspace


def write(path: Path, rows: list[Any]) -> Path:
    """The rows as JSON Lines; a text stands as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    raw = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path
