"""Encoder and heads must belong together, and a night says so before it scores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from obs_lib.catalogue.evaluators import scores
from obs_lib.errors import ConfigError
from obs_lib.pipeline.ingest import ingest
from obs_lib.pipeline.plan import plan
from obs_lib.pipeline.workspace import Workspace

DAY = dt.date(2024, 3, 1)


@pytest.fixture
def other(tmp_path: Path) -> str:
    """An encoder that no head was trained for; never loaded."""
    folder = tmp_path / "one" / "model"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return "./model"


def test_another_encoder_without_heads_stops_before_anything_is_scored(
    make_workspace: Callable[..., Workspace], other: str
) -> None:
    ws = make_workspace(models={"encoder": other})
    ingest(ws, DAY)
    with pytest.raises(ConfigError, match=r"models\.encoder: the groundedness head was trained for another encoder"):
        plan(ws, DAY)


def test_what_reads_no_vectors_needs_no_head(make_workspace: Callable[..., Workspace], other: str) -> None:
    ws = make_workspace(models={"encoder": other}, scoring={"evaluators": ["format"]})
    assert [one.name for one in ws.evaluators] == [
        "format", "context_utilization", "repetition", "secret_leak", "personal_leak", "prompt_injection", "context_injection",
        "language_mismatch", "abstention", "accuracy",
    ]  # fmt: skip


def test_choosing_some_leaves_the_others_to_be_chosen_for_one_run(make_workspace: Callable[..., Workspace]) -> None:
    ws = make_workspace(scoring={"evaluators": ["format"]})
    assert [one.name for one in ws.evaluators] == [score.name for score in scores()]
