"""Machines without models plan and collect by the names that one with models wrote down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from obs_lib.errors import DayNotReady, UnknownModel
from obs_lib.lake.tables import EMBEDDINGS
from obs_lib.models.encoder import load_encoder
from obs_lib.models.named import NamedEncoder
from obs_lib.models.options import ModelOptions
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline import encoder_names
from obs_lib.pipeline.collect import collect
from obs_lib.pipeline.encoder_names import encoder_of, write_encoder_names
from obs_lib.pipeline.evaluate import evaluate
from obs_lib.pipeline.ingest import ingest
from obs_lib.pipeline.plan import plan
from obs_lib.pipeline.workspace import Workspace
from tests.unit.pipeline.conftest import FIRST as DAY

OPTIONS = ModelOptions()
SCORING = {"evaluators": ["format"], "shards": 1}


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra `models` is not installed."""
    monkeypatch.setattr(encoder_names, "missing_libraries", lambda: ("torch",))


def test_names_are_those_of_the_encoder_and_of_its_profile_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = write_encoder_names(tmp_path, OPTIONS)
    real = load_encoder(OPTIONS)
    assert names == {"identity": real.identity, "weights": real.weights}
    assert isinstance(encoder_of(tmp_path, OPTIONS), type(real))
    monkeypatch.setattr(encoder_names, "missing_libraries", lambda: ("torch",))
    assert encoder_of(tmp_path, OPTIONS) == NamedEncoder(real.identity, real.weights)
    assert encoder_of(tmp_path, ModelOptions(allow_download=True)) == NamedEncoder(real.identity, real.weights)
    with pytest.raises(UnknownModel):
        encoder_of(tmp_path, ModelOptions(threads=1))  # changes vectors in their last digits, and so the name


@pytest.mark.parametrize("content", [None, "", "[]", '{"identity": "x"}'])
def test_where_nobody_wrote_them_down_it_is_said_what_to_do(
    tmp_path: Path, no_models: None, content: str | None
) -> None:
    if content is not None:
        write_encoder_names(tmp_path, OPTIONS)
        (place,) = (tmp_path / "encoders").iterdir()
        place.write_text(content)
    with pytest.raises(UnknownModel, match=r"llm-night-watch\[models\].*obs config name-models"):
        encoder_of(tmp_path, OPTIONS)


def test_a_text_that_must_be_read_says_what_to_install() -> None:
    encoder = NamedEncoder("m@1", "m@2")
    for read in (encoder.encode, encoder.tokens):
        with pytest.raises(UnknownModel, match=r"no model can run here.*llm-night-watch\[models\]"):
            read(["a text"])


def test_vectors_are_kept_under_the_name_by_which_they_were_planned(
    make_workspace: Callable[..., Workspace],
) -> None:
    ws = make_workspace(scoring=SCORING)
    scoring = HashingEncoder()
    ws.__dict__["encoder"] = NamedEncoder(scoring.identity, scoring.weights)
    ingest(ws, DAY)
    planned = plan(ws, DAY)
    elsewhere = make_workspace(scoring=SCORING)
    elsewhere.__dict__["encoder"] = scoring
    evaluate(elsewhere, DAY, planned.id, 0)
    collect(ws, DAY, planned.id)
    assert set(ws.lake.read(EMBEDDINGS, [DAY])["model"]) == {scoring.identity}


def test_another_encoder_than_the_planned_one_scores_nothing(make_workspace: Callable[..., Workspace]) -> None:
    ws = make_workspace(scoring=SCORING)
    ws.__dict__["encoder"] = NamedEncoder("of-yesterday@1", HashingEncoder().weights)
    ingest(ws, DAY)
    planned = plan(ws, DAY)
    ws.__dict__["encoder"] = HashingEncoder()
    del ws.__dict__["evaluators"]
    with pytest.raises(DayNotReady, match=r"planned of-yesterday@1.*obs config name-models"):
        evaluate(ws, DAY, planned.id, 0)
