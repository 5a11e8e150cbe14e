from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from obs_lib.alerts.data import DataFacts, data_faults
from obs_lib.alerts.options import AlertOptions

Make = Callable[..., pd.DataFrame]
OPTIONS = AlertOptions()


def faults(facts: DataFacts, rows: pd.DataFrame) -> list[tuple[str, str]]:
    return [(fault.cause, fault.severity.value) for fault in data_faults(facts, rows, OPTIONS)]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (DataFacts(interactions=100, usual=True), []),
        (DataFacts(usual=True), [("no_logs", "P0")]),
        (DataFacts(usual=False), [("no_logs", "P3")]),
        (DataFacts(passed=(("embeddings", 3),), usual=True), [("no_interactions", "P0")]),
        (DataFacts(spans=3, usual=False), [("no_interactions", "P3")]),
        (DataFacts(passed=(("embeddings", 3),), rejected=1), [("no_interactions", "P3"), ("quarantine", "P1")]),
        (DataFacts(interactions=1, passed=(("embeddings", 3),)), []),
        (DataFacts(interactions=96, rejected=4), []),
        (DataFacts(interactions=95, rejected=5), [("quarantine", "P2")]),
        (DataFacts(rejected=10, usual=True), [("quarantine", "P1")]),
        (DataFacts(failures=(("ingest", "disk full"),), usual=True), [("step:ingest", "P2")]),
    ],
)
def test_what_counts(metrics: Make, facts: DataFacts, expected: list[tuple[str, str]]) -> None:
    assert faults(facts, metrics()) == expected


def test_failed_scores_are_counted_against_those_tried(metrics: Make) -> None:
    facts = DataFacts(interactions=300)
    assert faults(facts, metrics({"n": 96, "n_failed": 4, "n_skipped": 900})) == []
    assert faults(facts, metrics({"n": 90, "n_failed": 10})) == [("scores:refusal", "P2")]
    lost = {"status": "NO_DATA", "value": None, "n": 0, "n_failed": 300}
    rows = metrics(lost, {"metric": "toxicity"}, {"metric": "toxicity_rate"})
    assert faults(facts, rows) == [("scores:refusal", "P1")]
    assert faults(facts, metrics({**lost, "segment": "route=a"})) == []


def test_rejects_name_their_commonest_reasons(metrics: Make) -> None:
    reasons = (("not JSON", 1200), ("timestamp: missing", 30), ("x" * 200, 2), ("not UTF-8", 1))
    (fault,) = data_faults(DataFacts(interactions=100, rejected=1233, reasons=reasons), metrics(), OPTIONS)
    assert fault.evidence[0].note == f"not JSON (1,200), timestamp: missing (30), {'x' * 50} (2)"


def test_long_messages_are_cut(metrics: Make) -> None:
    (fault,) = data_faults(DataFacts(interactions=1, failures=(("plan", "x" * 9999),)), metrics(), OPTIONS)
    assert len(str(fault.evidence[0].note)) == 300
