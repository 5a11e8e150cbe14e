"""A night over logs with planted data: nothing of it where it must not be, in each of the modes."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from obs_lib.alerts.storage import from_frame, to_frame
from obs_lib.cli.app import app
from obs_lib.errors import ConfigError
from obs_lib.lake.tables import ALERTS, INTERACTIONS, QUARANTINE
from obs_lib.pipeline.ingest import ingest, late_days
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.records import Incident, IncidentState, Severity, Signal, Suspect
from obs_lib.redaction.columns import shown_rows
from obs_lib.reporting.notification import digest_message, incident_message
from obs_lib.samples.generate import write_samples

pytestmark = pytest.mark.slow

DAY = dt.date(2024, 3, 1)
PERSONAL = ("planted@example.com", "+44 20 7946 0958", "4111 1111 1111 1111", "203.0.113.77", "GB29NWBK60161331926819")
SECRETS = ("sk-" + "proj-Pl4ntedPl4ntedPl4nted", "Pl4ntedPassw0rd")
PLANTED = f" I am {', '.join(PERSONAL)}; key {SECRETS[0]}, password={SECRETS[1]}."
TENANT = "tenant@example.com"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of sample logs with everything planted into each prompt, context, answer and error, and one broken line."""
    folder = tmp_path_factory.mktemp("planted")
    (file,) = write_samples(folder, DAY, 1, per_route=8)
    rows = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    for number, row in enumerate(rows):
        asked = f"{row['prompt']}{PLANTED}"
        row["prompt"] = asked if number % 2 else [{"role": "user", "content": asked}]
        row["response"] = f"{(row['response'] or '')[:150]}{PLANTED}"
        row["contexts"] = [{**one, "text": one["text"] + PLANTED} for one in row.get("contexts") or []] or None
        if number < 3:
            row["error"] = f"upstream said:{PLANTED}"
        row["expected_format"] = "json"  # which none of them is: so each is an example that the report shows
        row["tags"] = {**row["tags"], "tenant": TENANT if number % 2 else "acme"}
    lines = [json.dumps(row) for row in rows] + ['{"prompt": "' + PLANTED]
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def nights(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The home of one finished night in each mode."""
    return {mode: night(tmp_path_factory.mktemp(mode), planted, mode) for mode in ("off", "shown", "ingest")}


def night(folder: Path, logs: Path, mode: str) -> Path:
    settings = {
        "lake": {"root": "lake"},
        "sources": [{"format": "native", "path": str(logs)}],
        "scoring": {"evaluators": ["format"]},
        "segments": ["route", "tenant"],
        "redaction": {"personal": mode},
    }
    (folder / "obs.yaml").write_text(yaml.safe_dump(settings))
    ws = open_workspace(folder / "obs.yaml")
    run_day(ws, DAY)
    fold(ws)
    return folder


def seen(ws: Workspace, folder: Path) -> str:
    """Everything that people see: the page, the report as text, the tables of the command line, a message."""
    runner = CliRunner()
    texts = [page_path(ws, DAY).read_text(encoding="utf-8")]
    for command in (["report"], ["metrics"], ["metrics", "--json"], ["alerts"], ["alerts", "--json"]):
        done = runner.invoke(app, [command[0], str(DAY), *command[1:], "--config", str(folder / "obs.yaml")])
        assert done.exit_code == 0, done.output
        texts.append(done.output)
    incident = Incident(
        day=DAY,
        fingerprint="f",
        kind="change",
        severity=Severity.P0,
        state=IncidentState.NEW,
        place=(f"tenant={TENANT}",),
        lead="refusal",
        title=f"Refusals{PLANTED}",
        score=1.0,
        why=f"because{PLANTED}",
        notify=True,
        first_day=DAY,
        last_day=DAY,
        suspects=(Suspect("logs", "all", f"logs{PLANTED}"),),
        evidence=(Signal("refusal_rate", 0.5, segment=f"tenant={TENANT}", note=PLANTED),),
    )
    shown = from_frame(shown_rows(ALERTS, to_frame([incident]).assign(day=str(DAY)), ws.redactor))
    told = (digest_message(DAY, shown), incident_message(shown[0]))
    return "\n".join([*texts, *(part for one in told for part in (one.title, one.body, repr(one.notices)))])


def kept(folder: Path) -> Iterator[bytes]:
    """Everything that lies in a folder, as bytes: files as they are, and the text and binary columns of Parquet files."""
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        yield path.read_bytes()
        if path.suffix == ".parquet":
            table = pq.read_table(path, partitioning=None)
            for column in table.columns:
                if (
                    pa.types.is_string(column.type)
                    or pa.types.is_large_string(column.type)
                    or pa.types.is_binary(column.type)
                ):
                    yield from (_bytes(value) for value in column.to_pylist() if value is not None)


def _bytes(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    try:
        return zlib.decompress(raw)
    except zlib.error:
        return raw


@pytest.mark.parametrize("mode", ["off", "shown", "ingest"])
def test_nothing_planted_is_shown(nights: dict[str, Path], mode: str) -> None:
    ws = open_workspace(nights[mode] / "obs.yaml")
    shown = seen(ws, nights[mode])
    for secret in SECRETS:
        assert secret not in shown
    for datum in (*PERSONAL, TENANT):
        assert (datum in shown) is (mode == "off"), datum
    assert "[secret]" in shown
    assert ws.redactor.describe in page_path(ws, DAY).read_text(encoding="utf-8")


@pytest.mark.parametrize("mode", ["shown", "ingest"])
def test_the_lake_keeps_nothing_planted_where_masking_is_at_ingest(nights: dict[str, Path], mode: str) -> None:
    ws = open_workspace(nights[mode] / "obs.yaml")
    assert len(ws.lake.read_ready(QUARANTINE, DAY)) == 1
    everything = b"\n".join(kept(nights[mode] / "lake"))
    for datum in (*PERSONAL, *SECRETS):
        assert (datum.encode() in everything) is (mode == "shown"), datum
    assert b"[email]" in everything
    first = ws.lake.read_ready(INTERACTIONS, DAY).iloc[0]
    assert ("[email]" in first["response"]) is (mode == "ingest")


def test_another_mode_renders_pages_again_and_ingest_reads_logs_again(nights: dict[str, Path]) -> None:
    config = nights["shown"] / "obs.yaml"
    written = config.read_text()
    assert fold(open_workspace(config)) == []
    for mode, late in (("off", []), ("ingest", [DAY])):
        config.write_text(written.replace("personal: shown", f"personal: '{mode}'"))
        ws = open_workspace(config)
        assert late_days(ws, DAY + dt.timedelta(days=1)) == late
        assert fold(ws) == [str(DAY)]


def test_names_without_a_model_stop_the_check_and_the_step(tmp_path: Path, planted: Path) -> None:
    settings: dict[str, Any] = {"redaction": {"entities": ["name"], "names_model": "no_such_pipeline"}}
    (tmp_path / "obs.yaml").write_text(yaml.safe_dump({**settings, "sources": [{"path": str(planted)}]}))
    done = CliRunner().invoke(app, ["config", "check", "--config", str(tmp_path / "obs.yaml")])
    assert isinstance(done.exception, ConfigError)
    assert "pip install llm-night-watch[pii]" in str(done.exception)
    ws = open_workspace(tmp_path / "obs.yaml")
    with pytest.raises(ConfigError, match="names_model"):
        ingest(ws, DAY)
