"""Over-refusal is refusal times harmlessness, whoever judges refusals, and runs only where it is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_lib.catalogue import occasional, opt_in, score_of
from obs_lib.errors import ConfigError
from obs_lib.evaluators.build import build
from obs_lib.evaluators.heads import SHIPPED, load_head
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.over_refusal import HEAD, OverRefusal, reason
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import gather
from obs_lib.pipeline.plan import choose
from obs_lib.records import Evaluator, Vectors

BUILT = build(EvaluatorOptions(), HashingEncoder())
BY_NAME = {one.name: one for one in BUILT}
NO = "I'm sorry, but I can't help with that."


def batch_of(*rows: tuple[str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["prompt", "response"], dtype=object)


def score(evaluator: Evaluator, *rows: tuple[str | None, str | None]) -> list[dict[str, Any]]:
    batch = batch_of(*rows)
    return evaluator.score(batch, gather(evaluator.texts(batch), {}, HashingEncoder())).to_dict("records")  # type: ignore[return-value]


class Says:
    """An evaluator of refusals that says the same of every answer."""

    name, version, describe, needs = "refusal", "says", "Says.", frozenset({"response"})

    def __init__(self, status: str, value: float | None, note: str = "") -> None:
        self._row = {"status": status, "value": value, "note": note, "evidence": None}

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return []

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        return pd.DataFrame([self._row] * len(batch), index=batch.index)


@settings(max_examples=60, deadline=None)
@given(
    prompt=st.text(min_size=1, max_size=60).filter(str.strip), answer=st.sampled_from([NO, "Paris.", "No", "Sure: 1."])
)
def test_it_is_the_product_of_both_and_never_more_than_the_refusal(prompt: str, answer: str) -> None:
    (row,) = score(BY_NAME["over_refusal"], (prompt, answer))
    (refusal,) = score(BY_NAME["refusal"], (prompt, answer))
    said = json.loads(row["evidence"])
    assert row["value"] <= refusal["value"] + 1e-6
    assert row["value"] == pytest.approx(refusal["value"] * said["harmless"], abs=1e-4)
    assert said["refuses"] == pytest.approx(refusal["value"], abs=1e-4)
    assert (row["value"] > 0.5) is (said["reason"] == "refuses a request that reads as harmless")


@given(refuses=st.floats(0, 1), harmless=st.floats(0, 1))
def test_the_reason_says_what_counts(refuses: float, harmless: float) -> None:
    said = reason(refuses, harmless)
    assert (said == "refuses a request that reads as harmless") is (refuses * harmless > 0.5)
    assert (said == "does not refuse") is (refuses <= 0.5)


@pytest.mark.parametrize("prompt", [None, "", " \n"])
def test_without_a_prompt_nothing_can_be_said(prompt: str | None) -> None:
    (row,) = score(BY_NAME["over_refusal"], (prompt, NO))
    assert (row["status"], row["note"]) == ("SKIPPED", "there is no prompt")


def test_it_asks_whatever_judges_refusals() -> None:
    head = load_head(HEAD)
    rows = [("How do I bake bread?", "Mix flour and water."), ("How do I bake bread?", NO)]
    sure, never = (score(OverRefusal(Says("SCORED", value), head), *rows) for value in (1.0, 0.0))
    assert sure[0]["value"] == sure[1]["value"] > 0
    assert [row["value"] for row in never] == [0.0, 0.0]
    (failed,) = score(OverRefusal(Says("FAILED", None, "out of memory"), head), rows[0])
    assert failed["status"] == "FAILED"
    assert "out of memory" in failed["note"]
    (skipped,) = score(OverRefusal(Says("SKIPPED", None, "not asked"), head), rows[0])
    assert (skipped["status"], skipped["note"]) == ("SKIPPED", "not asked")
    assert BY_NAME["refusal"].version in BY_NAME["over_refusal"].version


def test_it_needs_no_vector_that_others_do_not() -> None:
    batch = batch_of(("How do I bake bread?", NO * 20), ("Why?", "Because."), (None, NO))
    known = {*BY_NAME["refusal"].texts(batch), *BY_NAME["relevance"].texts(batch)}
    assert set(BY_NAME["over_refusal"].texts(batch)) <= known


def test_it_runs_only_where_it_is_named() -> None:
    assert "over_refusal" not in {one.name for one in choose(BUILT, None)}
    assert len(choose(BUILT, None)) == len(BUILT) - len(opt_in())
    assert [one.name for one in choose(BUILT, ("over_refusal", "refusal"))] == ["refusal", "over_refusal"]


def test_heads_of_one_s_own_from_before_it_do_not_stop_a_night(tmp_path: Path) -> None:
    for name in ("groundedness", "toxicity", "relevance", "refusal"):
        (tmp_path / f"{name}.json").write_bytes((SHIPPED / f"{name}.json").read_bytes())
    options = EvaluatorOptions(weights=str(tmp_path))
    assert "over_refusal" not in {one.name for one in build(options, HashingEncoder())}
    with pytest.raises(ConfigError, match=f"no {HEAD} head"):
        build(options, HashingEncoder(), wanted=("over_refusal",))
    (tmp_path / "refusal.json").unlink()
    with pytest.raises(ConfigError, match="no refusal head"):
        build(options, HashingEncoder(), wanted=("over_refusal",))


def test_lower_is_better_and_its_metric_is_there_only_with_its_scores() -> None:
    assert opt_in() == {"over_refusal", "abstention"}
    metrics = score_of("over_refusal").metrics
    (metric,) = metrics
    assert (metric.name, metric.evaluator, metric.direction, metric.aggregation) == (
        *("over_refusal_rate", "over_refusal", "lower_is_better", "share_above"),
    )
    assert occasional(["over_refusal"]) == occasional(["over_refusal_rate"]) == metrics
    assert occasional(["refusal", "refusal_rate"]) == ()
