"""Tables before they are stored, and rows before they are shown."""

from __future__ import annotations

import json

import pandas as pd

from obs_lib.lake.tables import INTERACTIONS, QUARANTINE
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
    return frame_of(INTERACTIONS, {name: [row.get(name), None] for name, _ in INTERACTIONS.columns})


def test_texts_are_masked_inside_json_and_ids_stay() -> None:
    given = interactions()
    kept = redact_stored("interactions", given, INGEST)
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
    assert redact_stored("interactions", frame, SHOWN) is frame


def test_a_quarantined_excerpt_that_was_cut_keeps_no_half() -> None:
    excerpt = ('{"prompt": "' + "word " * 40)[:186] + " alice@exampl"
    frame = frame_of(QUARANTINE, {"file": ["a"], "line": [1], "reason": ["not JSON"], "excerpt": [excerpt + "e"]})
    assert len(excerpt) + 1 == 200
    kept = redact_stored("quarantine", frame, INGEST).iloc[0]["excerpt"]
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
    shown = shown_rows(frame, SHOWN)
    assert shown["title"].tolist() == ["Refusals at [email]", "x", "y"]
    assert json.loads(shown["evidence"][0]) == [{"metric": "refusal_rate", "note": "see [email]", "value": 0.5}]
    assert shown["segment"].str.startswith("tenant=[email] #").tolist() == [True, True, False]
    assert shown["segment"].nunique() == 3
