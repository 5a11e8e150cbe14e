"""Tables before they are stored, and rows before they are shown."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pandas as pd
import pyarrow as pa
import pytest

from obs_lib.lake.rows import rows_of
from obs_lib.lake.table import Column, Table
from obs_lib.lake.tables import ALERTS, INTERACTIONS, METRICS, QUARANTINE, TABLES
from obs_lib.log_text import PLAIN
from obs_lib.pipeline.erasures import Erasures
from obs_lib.pipeline.ingest_filter import IngestFilter
from obs_lib.redaction.columns import redact_stored, shown_rows
from obs_lib.redaction.options import RedactionOptions
from obs_lib.redaction.redactor import Redactor
from obs_lib.sources.values import canonical
from tests.rows import frame_of

MAIL = "alice@example.com"
INGEST, SHOWN = (Redactor(RedactionOptions.model_validate({"personal": mode})) for mode in ("ingest", "shown"))


def interactions() -> pd.DataFrame:
    row = {
        "request_id": MAIL,
        "user_id": MAIL,
        "tags": canonical({"tenant": MAIL}),
        "prompt": f"I am {MAIL}",
        "messages": canonical([{"role": "user", "content": f'I am "{MAIL}"\n'}, {"role": "tool", "content": None}]),
        "contexts": canonical([{"id": MAIL, "text": f"é {MAIL}", "score": 0.25}]),
        "response": f"{MAIL}!",
        "reference": canonical([MAIL, "Paris"]),
        "error": None,
    }
    return frame_of(INTERACTIONS, {name: [row.get(name), None] for name in INTERACTIONS.names})


def test_texts_are_masked_inside_json_and_ids_stay() -> None:
    given = interactions()
    kept = redact_stored(INTERACTIONS, given, INGEST)
    first = kept.iloc[0]
    assert (first["prompt"], first["response"]) == ("I am [email]", "[email]!")
    assert first["messages"] == canonical(
        [{"role": "user", "content": 'I am "[email]"\n'}, {"role": "tool", "content": None}]
    )
    assert first["contexts"] == canonical([{"id": MAIL, "text": "é [email]", "score": 0.25}])
    assert first["reference"] == canonical(["[email]", "Paris"])
    assert (first["request_id"], first["user_id"], json.loads(first["tags"])) == (MAIL, MAIL, {"tenant": MAIL})
    assert kept.dtypes.equals(given.dtypes)
    assert kept.iloc[1].drop("day", errors="ignore").isna().all()
    assert given.iloc[0]["prompt"] == f"I am {MAIL}", "the frame that was handed over is not written to"


def test_nothing_is_touched_where_masking_is_for_showing_only() -> None:
    frame = interactions()
    assert redact_stored(INTERACTIONS, frame, SHOWN) is frame


def test_a_quarantined_excerpt_that_was_cut_keeps_no_half() -> None:
    excerpt = ('{"prompt": "' + "word " * 40)[:186] + " alice@exampl"
    frame = frame_of(QUARANTINE, {"file": ["a"], "line": [1], "reason": ["not JSON"], "excerpt": [excerpt + "e"]})
    assert len(excerpt) + 1 == 200
    kept = redact_stored(QUARANTINE, frame, INGEST).iloc[0]["excerpt"]
    assert "alice" not in kept
    assert kept.startswith('{"prompt": "word')


def test_rows_are_shown_with_evidence_and_segments_masked() -> None:
    other = "bob@example.com"
    evidence = canonical([{"metric": "refusal_rate", "note": f"see {MAIL}", "value": 0.5}])
    frame = pd.DataFrame(
        {
            "segment": [f"tenant={MAIL}", f"tenant={other}", "all"],
            "title": [f"Refusals at {MAIL}", "x", "y"],
            "evidence": [evidence, "not JSON", None],
        }
    )
    shown = shown_rows(ALERTS, frame, SHOWN)
    assert shown["title"].tolist() == ["Refusals at [email]", "x", "y"]
    assert json.loads(shown["evidence"][0]) == [{"metric": "refusal_rate", "note": "see [email]", "value": 0.5}]
    assert shown["segment"].str.startswith("tenant=[email] #").tolist() == [True, True, False]
    assert shown["segment"].nunique() == 3


NOTHING_DECLARED = Column("remark", pa.string())
SECRET = "sk-" + "proj-Pl4ntedPl4ntedPl4nted"


def with_remark(table: Table) -> tuple[Table, pd.DataFrame]:
    """The table with one more text column of which nobody has said what it holds, and a row."""
    extended = dataclasses.replace(table, columns=(*table.columns, NOTHING_DECLARED))
    row = {name: [None] for name in table.names} | {"segment": ["all"], "remark": [f"{MAIL} {SECRET} stays"]}
    return extended, frame_of(extended, {name: row[name] for name in extended.names})


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_text_column_of_which_nothing_is_declared_is_masked_everywhere(table: Table) -> None:
    extended, frame = with_remark(table)
    assert redact_stored(extended, frame, INGEST)["remark"].tolist() == ["[email] [secret] stays"]
    assert shown_rows(extended, frame, SHOWN)["remark"].tolist() == ["[email] [secret] stays"]
    assert "remark" in extended.mentions


def test_a_column_that_the_table_does_not_know_is_masked_when_shown() -> None:
    assert shown_rows(METRICS, pd.DataFrame({"somewhere": [MAIL]}), SHOWN)["somewhere"].tolist() == ["[email]"]


def test_ingest_lets_no_text_through_of_which_nothing_is_declared() -> None:
    table, frame = with_remark(INTERACTIONS)
    read = rows_of(table, dt.date(2024, 3, 1), frame)
    (batch,) = read.table().combine_chunks().to_batches()
    (row,) = IngestFilter(Erasures(), INGEST).rows(table, batch).to_pylist()
    assert row["remark"] == "[email] [secret] stays"


def test_numbers_and_what_is_declared_as_none_of_a_log_stay() -> None:
    frame = frame_of(METRICS, {name: [{"metric": MAIL, "segment": "all", "n": 3}.get(name)] for name in METRICS.names})
    assert shown_rows(METRICS, frame, SHOWN).equals(frame)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.list_(pa.string())], ids=str)
def test_whatever_type_can_hold_a_text_counts_as_one(kind: pa.DataType) -> None:
    assert Column("any", kind).quotes_logs
    assert not Column("any", kind, PLAIN).quotes_logs


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us", tz="UTC")], ids=str)
def test_numbers_need_no_declaration(kind: pa.DataType) -> None:
    assert Column("any", kind).holds is PLAIN
