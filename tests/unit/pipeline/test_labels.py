"""From a drawn sample through a person's hands to the corrected rate."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from obs_lib.cli.app import app
from obs_lib.errors import ConfigError, DayNotReady
from obs_lib.lake.tables import LABELS, METRICS, QUARANTINE, SCORES
from obs_lib.pipeline.label_sample import label_sample
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.power import label_power
from obs_lib.pipeline.render import page_path, report_text
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.samples.generate import write_samples
from tests.encoder import FEW_TEXTS

DAYS = [dt.date(2024, 3, 1), dt.date(2024, 3, 2)]


def workspace(folder: Path, **sections: object) -> Workspace:
    settings = {
        "lake": {"root": "lake"},
        "sources": [{"path": "logs"}, {"format": "labels", "path": "labels"}],
        "scoring": {"evaluators": ["refusal"]},
        "labels": {"minimum": 20},
        "models": FEW_TEXTS,
        **sections,
    }
    (folder / "obs.yaml").write_text(yaml.safe_dump(settings))
    return open_workspace(folder / "obs.yaml")


def metrics(ws: Workspace, day: dt.date) -> dict[str, dict[str, Any]]:
    rows = ws.lake.read_ready(METRICS, day)
    return {row["metric"]: row for row in rows[rows["segment"] == "all"].to_dict("records")}


@pytest.mark.slow
def test_sample_fill_ingest_and_the_corrected_rate_appears(tmp_path: Path) -> None:
    write_samples(tmp_path / "logs", DAYS[0], 2, per_route=30)
    (tmp_path / "labels").mkdir()
    ws = workspace(tmp_path)
    for day in DAYS:
        run_day(ws, day)
    fold(ws)
    assert not any(name.startswith("refusal_rate:") for name in metrics(ws, DAYS[0]))
    before = page_path(ws, DAYS[1]).read_bytes()
    assert b"Against people" not in before

    rows = list(label_sample(ws, DAYS, "refusal", 80))
    assert rows == list(label_sample(ws, DAYS, "refusal", 80))
    assert len(rows) == 80
    assert {row["label"] for row in rows} == {"refused"}
    assert not any("score" in row for row in rows)
    assert all("score" in row for row in label_sample(ws, DAYS, "refusal", 3, show_scores=True))
    given = {row["request_id"]: row["inclusion_probability"] for row in rows}

    # A person fills in all but the last five, and overrules the evaluator now and then.
    values = ws.lake.read(SCORES, DAYS).set_index("request_id")["value"]
    for n, row in enumerate(rows[:-5]):
        row["value"] = bool((values[row["request_id"]] > 0.5) != (n % 10 == 0))
    file = tmp_path / "labels" / "from-ada.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ws = workspace(tmp_path)  # a workspace lists its files once
    for day in DAYS:
        run_day(ws, day)
    assert fold(ws) == [str(day) for day in DAYS]

    stored = {row["request_id"]: row for day in DAYS for row in ws.lake.read_ready(LABELS, day).to_dict("records")}
    assert {name: row["inclusion_probability"] for name, row in stored.items()} == {
        r["request_id"]: given[r["request_id"]] for r in rows[:-5]
    }
    assert all(ws.lake.read_ready(QUARANTINE, day).empty for day in DAYS)  # not labelled yet is no error
    for day in DAYS:
        of_day = metrics(ws, day)
        corrected = of_day["refusal_rate:corrected"]
        assert corrected["status"] == "OK"
        assert corrected["low"] < corrected["value"] < corrected["high"]
        assert of_day["refusal_rate:agreement"]["value"] == pytest.approx(0.9, abs=0.1)
        assert of_day["refusal_rate"]["note"] == ""  # the uncorrected one stays as it was
    assert sum(metrics(ws, day)["refusal_rate:corrected"]["n"] for day in DAYS) == 75

    page, text = page_path(ws, DAYS[1]).read_text(), report_text(ws, DAYS[1])
    assert "Against people&#39;s labels" in page
    assert "Rates of 2 days together, up to this one" in text
    assert fold(ws) == []

    config = str(tmp_path / "obs.yaml")
    shown = CliRunner().invoke(app, ["power", "refusal_rate", "--labels", "--json", "--config", config])
    told = {row["labels_a_window"]: row for row in json.loads(shown.stdout)}
    assert told[75]["plus_minus"] < told[75]["change"] < told[38]["change"]
    needs = ["power", "refusal_rate", "--labels", "--change", str(told[150]["change"]), "--json", "--config", config]
    assert json.loads(CliRunner().invoke(app, needs).stdout)[0]["labels_a_window"] == pytest.approx(150, abs=1)
    with pytest.raises(DayNotReady, match="has no corrected rate"):
        label_power(ws, "toxicity_rate")

    # A label of the first day that comes later changes the second day's report too: it stands in its window.
    with file.open("a") as more:
        more.write(json.dumps(rows[0] | {"value": not rows[0]["value"]}) + "\n")
    owner = next(day for day in DAYS if rows[0]["day"] == str(day))
    run_day(ws, owner)
    assert str(DAYS[1]) in fold(ws)
    with pytest.raises(ConfigError, match="no score of this name"):
        list(label_sample(ws, DAYS, "groundedness", 5))


@pytest.mark.slow
def test_what_is_given_to_people_is_masked(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (tmp_path / "labels").mkdir()
    line = {
        "request_id": "r1",
        "timestamp": "2024-03-01T10:00:00Z",
        "prompt": "Write to ada@example.org",
        "response": "I wrote to ada@example.org.",
        "contexts": [{"id": "1", "text": "Her address is ada@example.org"}],
    }
    (logs / "2024-03-01.jsonl").write_text(json.dumps(line) + "\n")
    ws = workspace(tmp_path)
    run_day(ws, DAYS[0])
    (row,) = label_sample(ws, DAYS[:1], "refusal", 5)
    assert row["inclusion_probability"] == 1
    assert "ada@example.org" not in json.dumps(row)
    assert row["contexts"][0].startswith("Her address is")
