"""What logs hold beside interactions: told by the report, by the incident of a day that has none, and before it is read."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from obs_lib.lake.tables import ALERTS, SPANS, UNREAD
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.pages import text
from obs_lib.pipeline.preview import preview
from obs_lib.pipeline.workspace import Workspace
from tests.logs import attribute
from tests.unit.pipeline.lakes import workspace

DAY = dt.date(2024, 3, 1)
AT = int(dt.datetime.combine(DAY, dt.time(12), dt.UTC).timestamp()) * 10**9


def span(number: int, **attributes: Any) -> dict[str, Any]:
    return {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "a step",
        "startTimeUnixNano": str(AT + number),
        "endTimeUnixNano": str(AT + number + 10**9),
        "attributes": [attribute(name.replace("__", "."), value) for name, value in attributes.items()],
    }


def night(folder: Path, format: str, *lines: dict[str, Any]) -> Workspace:
    """A day of these lines, from its logs to its report."""
    (folder / "logs").mkdir()
    (folder / "logs" / f"{DAY}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    sources = [{"format": format, "path": str(folder / "logs")}]
    ws = workspace(folder / "one", folder / "logs", sources=sources, scoring={"evaluators": ["format"]})
    run_day(ws, DAY)
    fold(ws)
    return ws


def otlp(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def incidents(ws: Workspace) -> list[tuple[str, Any]]:
    alerts = ws.lake.read_ready(ALERTS, DAY)
    return [(row["title"], json.loads(row["evidence"])[0].get("note")) for row in alerts.to_dict("records")]


def test_calls_that_are_no_interaction_are_an_incident_with_what_they_are_and_an_example(tmp_path: Path) -> None:
    calls = [span(n, gen_ai__operation__name="embeddings", gen_ai__request__model="e") for n in (1, 2)]
    ws = night(
        tmp_path, "otlp", otlp(calls[0]), otlp(calls[1], span(3, acme__op="think", gen_ai__usage__input_tokens=7))
    )
    ((title, note),) = incidents(ws)
    assert title == "Logs without interactions"
    assert note == (f"calls to models that give no interaction: embeddings (2), a step (1); the first: {DAY}.jsonl:1")
    assert "No logs" not in text(ws, DAY)
    assert "embeddings" in text(ws, DAY)
    assert [(one.what, one.count, one.line) for one in preview(ws, DAY).passed_over] == [
        ("embeddings", 2, 1),
        ("a step", 1, 2),
    ]


def test_spans_of_no_call_and_rejected_lines_say_so_too(tmp_path: Path) -> None:
    (tmp_path / "spans").mkdir()
    ws = night(tmp_path / "spans", "otlp", otlp(span(1, db__system="postgres")))
    assert len(ws.lake.read_ready(SPANS, DAY)) == 1
    assert incidents(ws) == [("Logs without interactions", "of 1 span(s) none names a model or tokens")]
    (tmp_path / "lines").mkdir()
    ws = night(tmp_path / "lines", "native", {"timestamp": f"{DAY}T10:00:00Z"}, {"timestamp": f"{DAY}T11:00:00Z"})
    assert incidents(ws) == [("Log lines rejected", f"request_id: missing (2); the first: {DAY}.jsonl:1")]


def test_a_day_without_a_line_has_no_logs(tmp_path: Path) -> None:
    assert incidents(night(tmp_path, "otlp")) == [("No logs for the day", None)]


def test_the_report_names_half_read_dialects_and_what_was_not_read(tmp_path: Path) -> None:
    half = {"gen_ai__operation__name": "chat", "gen_ai__request__model": "m", "gen_ai__usage__input_tokens": 4}
    ws = night(tmp_path, "otlp", otlp(*(span(n, **half, acme__prompt="Is it open?") for n in (1, 2))))
    (row,) = ws.lake.read_ready(UNREAD, DAY).to_dict("records")
    assert (row["kind"], row["what"], row["names"], row["n"]) == (
        "half read",
        "GenAI conventions",
        '["acme.prompt"]',
        2,
    )
    page = text(ws, DAY)
    assert "Tokens without texts" in page
    assert "acme.prompt" in page


def test_calls_are_told_apart_only_so_far(tmp_path: Path) -> None:
    spans = [span(n, gen_ai__request__model="m", openinference__span__kind=f"KIND-{n}") for n in range(1, 400)]
    ws = night(tmp_path, "otlp", otlp(*spans))
    rows = ws.lake.read_ready(UNREAD, DAY)
    assert int(rows["n"].sum()) == 399
    assert rows.loc[rows["n"].idxmax(), "what"] == "others"
    assert len(rows) <= 201
