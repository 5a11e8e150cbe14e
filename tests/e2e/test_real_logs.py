"""All the real logs through Airflow (thinned out in every order: tests/unit/pipeline/test_real_orders.py).

What must be seen on them: a run and a report for every day, the two model roll-outs found on their days, quiet before,
refusal and format moving with people's labels, hallucinations standing clear.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from obs_lib.lake.tables import ALERTS, DRIFT, INTERACTIONS, METRICS, SCORES
from obs_lib.pipeline.workspace import Workspace, open_workspace
from tests.real_logs import DAYS, configure, days_of

pytestmark = [pytest.mark.long, pytest.mark.real, pytest.mark.server, pytest.mark.airflow]

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 40 * 60
ENDED = {"success", "failed"}


def june(day: int) -> str:
    return f"2023-06-{day:02d}"


@pytest.fixture(scope="module")
def nights(real_data: Path) -> Iterator[Callable[[str], tuple[Any, Workspace]]]:
    """nights(name): the states of the backfill's runs, and the workspace that Airflow filled."""
    sys.path.insert(0, str(ROOT / "tools"))
    from embedded_airflow import EmbeddedAirflow

    @cache
    def run(name: str) -> tuple[Any, Workspace]:
        home = homes / name
        config = configure(home, real_data / "logs" / name, shards=2)
        days = days_of(name)
        server = EmbeddedAirflow(home, config, port=0)
        with server:
            server.wait_ready()
            server.backfill(days[0], days[-1], at_once=2)
            runs = settle(server, len(days))
        return runs, open_workspace(config)

    # Not below pytest's own folder: each start of pytest closes that to PostgreSQL, which runs as another user under root.
    with tempfile.TemporaryDirectory(prefix="obs-") as folder:
        homes = Path(folder)
        yield run
    sys.path.remove(str(ROOT / "tools"))


def settle(server: Any, count: int) -> list[dict[str, Any]]:
    """Wait until every night has ended and the fold has nothing left to do; the nights' runs."""
    end, quiet = time.monotonic() + LIMIT_S, 0
    while time.monotonic() < end:
        server.check()
        runs, folds = server.runs("obs_nightly"), server.runs("obs_report")
        done = len(runs) >= count and all(run["state"] in ENDED for run in [*runs, *folds])
        quiet = quiet + 1 if done and folds else 0
        if quiet == 5:
            return list(runs)
        time.sleep(2)
    raise AssertionError(f"not settled: {[run['state'] for run in server.runs('obs_nightly')]}")


def table(ws: Workspace, which: Any, name: str) -> pd.DataFrame:
    return ws.lake.read(which, days_of(name))


@pytest.mark.parametrize("name", DAYS)
def test_every_day_has_a_successful_run_and_a_report(nights: Any, name: str) -> None:
    runs, ws = nights(name)
    assert [run["state"] for run in runs] == ["success"] * DAYS[name]
    assert [run["data_interval_start"][:10] for run in runs] == [str(day) for day in days_of(name)]
    pages = sorted((ws.lake.files / "pages").iterdir())
    assert [page.stem for page in pages] == [str(day) for day in days_of(name)]
    assert max(page.stat().st_size for page in pages) < 500_000


def test_the_roll_outs_are_found_on_their_days_and_the_days_before_are_quiet(nights: Any) -> None:
    _, ws = nights("chat")
    alerts = table(ws, ALERTS, "chat")
    new = alerts[(alerts["kind"] == "change") & alerts["state"].isin(["NEW", "WORSE"]) & alerts["notify"]]
    reached = {
        (segment, day) for place, day in zip(new["place"], new["day"], strict=True) for segment in json.loads(place)
    }
    assert ("route=assistant-large", june(15)) in reached
    assert ("route=assistant-small", june(18)) in reached  # the same cause, spread to the other route
    quiet = {june(day) for day in range(2, 15)}
    noisy = quiet & set(new["day"])
    print(f"quiet days with a new change: {sorted(noisy) or 'none'}")
    assert len(noisy) <= 1
    drift = table(ws, DRIFT, "chat")
    early = drift[drift["day"].isin([june(1), june(2), june(3)])]
    assert set(early["verdict"]) == {"TOO_FEW"}
    assert early["note"].str.contains("baseline").any()


def labelled(real_data: Path, ws: Workspace, label: str, evaluator: str) -> pd.DataFrame:
    """Score beside people's label for every interaction that has both."""
    lines = gzip.decompress((real_data / "logs/chat-labels.jsonl.gz").read_bytes()).splitlines()
    labels = pd.DataFrame([json.loads(line) for line in lines])
    labels = labels[labels["label"] == label][["request_id", "value"]].rename(columns={"value": "person"})
    scores = table(ws, SCORES, "chat")
    scores = scores[(scores["evaluator"] == evaluator) & (scores["status"] == "SCORED")][["request_id", "value"]]
    versions = table(ws, INTERACTIONS, "chat")[["request_id", "model_version"]]
    return labels.merge(scores, on="request_id").merge(versions, on="request_id").astype({"person": float})


@pytest.mark.parametrize(
    ("label", "evaluator", "sign"), [("answered", "refusal", -1), ("directly_usable", "format", 1)]
)
def test_scores_move_with_peoples_labels(nights: Any, real_data: Path, label: str, evaluator: str, sign: int) -> None:
    _, ws = nights("chat")
    both = labelled(real_data, ws, label, evaluator)
    both["score"] = (both["value"] > 0.5).astype(float)
    means = both.groupby("model_version")[["person", "score"]].mean()
    print(f"\n{label} / {evaluator}\n{means.round(3)}")
    before, after = means.loc["gpt-4-0314"], means.loc["gpt-4-0613"]
    assert sign * (after["score"] - before["score"]) * (after["person"] - before["person"]) > 0
    assert abs(after["score"] - before["score"]) > abs(after["person"] - before["person"]) / 2
    agreement = float((both["score"] == (both["person"] if sign > 0 else 1 - both["person"])).mean())
    print(f"agreement {agreement:.3f} of {len(both)}")
    assert agreement > 0.75


def test_the_hallucination_rate_stands_clear_when_the_model_makes_things_up(nights: Any) -> None:
    _, ws = nights("rag")
    metrics = table(ws, METRICS, "rag")
    rate = metrics[(metrics["metric"] == "hallucination_rate") & (metrics["segment"] == "all")].set_index("day")
    good, bad = rate.loc[: june(11)], rate.loc[june(12) :]
    print(f"\n{rate[['value', 'low', 'high']].round(3)}")
    assert good["high"].max() < bad["low"].min()  # no interval of one overlaps one of the other
    alerts = table(ws, ALERTS, "rag")
    new = alerts[(alerts["kind"] == "change") & (alerts["state"] == "NEW")]
    assert list(new["day"].unique()) == [june(12)]
