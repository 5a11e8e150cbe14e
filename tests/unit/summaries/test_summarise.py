from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from obs_lib.catalogue import groups, quality
from obs_lib.lake.rows import rows_of
from obs_lib.lake.tables import INTERACTIONS, METRICS, SKETCHES
from obs_lib.models.vectors import text_hash
from obs_lib.samples.generate import FIRST_DAY, write_samples
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import read_day
from obs_lib.sources.source import open_source
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.summarise import summarise_day

Maker = Callable[..., pd.DataFrame]
EVERY_DAY = {metric.name for group in groups("interactions") for metric in group.metrics} | {
    one.name for one in quality()
}


def test_the_same_rows_give_the_same_tables_whatever_their_order(tmp_path: Path, scores: Maker) -> None:
    write_samples(tmp_path, days=1, per_route=60)
    (tmp_path / "scratch").mkdir()
    source = open_source(SourceOptions(path=str(tmp_path)))
    rows = read_day([source], FIRST_DAY, tmp_path / "scratch").frame(INTERACTIONS)
    rng = np.random.default_rng(0)
    given = scores(
        *(
            {"request_id": name, "evaluator": evaluator, "value": round(rng.random(), 1)}
            for name in rows["request_id"]
            for evaluator in ("relevance", "toxicity")
        )
    )
    vectors = {text_hash(text): rng.normal(size=8).astype("<f2").tobytes() for text in rows["response"].dropna()}
    tables = []
    for order in (np.arange(len(rows)), rng.permutation(len(rows))):
        shuffled = given.iloc[rng.permutation(len(given))]
        metrics, sketches = summarise_day(FIRST_DAY, rows.iloc[order], shuffled, vectors, SummaryOptions(), ("route",))
        tables.append((rows_of(METRICS, FIRST_DAY, metrics).table(), rows_of(SKETCHES, FIRST_DAY, sketches).table()))
    assert tables[0][0].equals(tables[1][0])
    assert tables[0][1].equals(tables[1][1])
    assert set(tables[0][1]["kind"].to_pylist()) == {
        "languages",
        "tokens",
        "words",
        "answers",
        "versions",
        "examples",
        "latency_model",
    }
    assert tables[0][0].num_rows == 3 * len(EVERY_DAY | set(tables[0][0]["metric"].to_pylist()))


def test_a_day_without_rows_has_every_metric_as_no_data_and_no_sketch(interactions: Maker, scores: Maker) -> None:
    day = dt.date(2023, 6, 2)
    metrics, sketches = summarise_day(day, interactions(), scores(), {}, SummaryOptions(), ("route",))
    stored = rows_of(METRICS, day, metrics).table()
    assert stored["metric"].to_pylist() == sorted(EVERY_DAY)
    assert set(stored["status"].to_pylist()) == {"NO_DATA"}
    assert stored["value"].null_count == len(EVERY_DAY)
    assert rows_of(SKETCHES, day, sketches).count == 0


def test_value_and_interval_are_missing_exactly_where_there_is_no_data(interactions: Maker, scores: Maker) -> None:
    rows = interactions(*({"total_latency_ms": float(n), "response": "x"} for n in range(30)))
    metrics, _ = summarise_day(dt.date(2023, 6, 2), rows, scores(), {}, SummaryOptions(), ())
    assert (metrics["value"].isna() == (metrics["status"] == "NO_DATA")).all()
    measured = metrics[metrics["metric"].str.startswith("latency_p")]
    assert (measured["low"] <= measured["value"]).all()
    assert (measured["value"] <= measured["high"]).all()
    assert (measured["std_error"] > 0).all()
