"""What people receive of the demo's month: the sample logs through every step, with the encoder and heads that come along."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml

from obs_lib.alerts.storage import from_frame
from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.workspace import open_workspace
from obs_lib.reporting.incident_text import sentence
from obs_lib.samples.generate import write_samples

FIRST = dt.date(2025, 3, 1)
DAYS = [FIRST + dt.timedelta(days=n) for n in range(21)]
TOLD = [
    (10, "P1", "route=docs-rag, stage=retrieval", "Answers are not supported by their documents: hallucination rate"),
    (14, "P1", "route=assistant", "Answers are written slowly: "),
    (16, "P1", "route=assistant", "Answers break their format: format compliance"),
    (19, "P0", "route=assistant", "Harmful answers were given: "),
]
"""Day, severity, place, and how the sentence begins: an outage of retrieval, a slow server, a roll-out, and insults."""
SUSPECTS = {10: "stage retrieval fails in", 16: "model version nova-1.1 first seen"}


@pytest.mark.long
def test_the_demos_four_problems_are_four_incidents_told_on_their_first_days(tmp_path: Path, checkout: Path) -> None:
    write_samples(tmp_path / "logs", FIRST, len(DAYS))
    settings = {
        "sources": [{"path": "logs"}],
        "lake": {"root": "lake"},
        "segments": ["route"],
        "models": {"threads": 1},
    }
    (tmp_path / "obs.yaml").write_text(yaml.safe_dump(settings))
    ws = open_workspace(tmp_path / "obs.yaml")
    for day in DAYS:
        run_day(ws, day)
    fold(ws)
    incidents = from_frame(ws.lake.read(ALERTS, DAYS))
    told = sorted((one for one in incidents if one.notify), key=lambda one: one.day)
    assert [(one.day.day, one.severity.value, ", ".join(one.place)) for one in told] == [row[:3] for row in TOLD]
    said = {one.day.day: sentence(one) for one in told}
    assert all(said[day].startswith(begins) for day, *_, begins in TOLD), said
    assert all(suspect in said[day] for day, suspect in SUSPECTS.items()), said
    standing = [sentence(one) for one in incidents if one.lead == "format" and one.is_open]
    assert all("format compliance" in text for text in standing), standing
    page = (checkout / "docs" / "incidents.md").read_text(encoding="utf-8")
    assert all(f"| {day} March | {severity} |" in page for day, severity, *_ in TOLD)
