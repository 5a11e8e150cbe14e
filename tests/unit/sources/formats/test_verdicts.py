"""What people and judges said of an answer, where a log has it: labels of the interaction that they are about."""

from __future__ import annotations

from typing import Any

import pytest

from obs_lib.lake.tables import LABELS
from obs_lib.records import OWN_SCORE
from obs_lib.sources.entries import RejectedEntry, Row
from obs_lib.sources.validate import Limits, check
from tests.unit.sources.formats import test_export_variants as exports

SPAN = exports.phoenix(
    context={"trace_id": "a" * 32, "span_id": "b" * 16},
    attributes={"llm.model_name": "m-1", "llm.token_count.prompt": 3},
)
ROOT = exports.run(id="t", parent_run_id=None, run_type="chain", inputs={}, outputs={})
TRACE = exports.mlflow({"messages": exports.ASKED}, exports.CHAT)


def phoenix(kind: str, **result: Any) -> dict[str, Any]:
    return {"span_id": "b" * 16, "name": "good", "annotator_kind": kind, "result": result, "created_at": exports.END}


def feedback(**more: Any) -> dict[str, Any]:
    return {"id": "f", "run_id": "t", "key": "good", "score": 1, "value": None, "created_at": exports.END} | more


def assessed(**more: Any) -> dict[str, Any]:
    given = {"assessment_name": "good", "source": {"source_type": "HUMAN"}, "feedback": {"value": True}} | more
    return TRACE | {"info": TRACE["info"] | {"assessments": [given]}}


VERDICTS: dict[str, tuple[str, list[dict[str, Any]], tuple[str, float | None, str | None]]] = {
    "Phoenix: in the span": (
        "phoenix",
        [SPAN | {"annotations": [phoenix("HUMAN", score=1.0, label="up")]}],
        ("human", 1.0, None),
    ),
    "Phoenix: after the span": ("phoenix", [SPAN, phoenix("LLM", label="up", score=None)], ("evaluation", None, "up")),
    "Phoenix: before the span": ("phoenix", [phoenix("CODE", score=0.5), SPAN], ("evaluation", 0.5, None)),
    "Phoenix: columns of a data frame": (
        "phoenix",
        [
            SPAN,
            {
                "span_id": "b" * 16,
                "annotation_name": "good",
                "annotator_kind": "HUMAN",
                "result.score": 0,
                "result.label": None,
            },
        ],
        ("human", 0.0, None),
    ),
    "LangSmith: a thumb on the whole trace": (
        "langsmith",
        [ROOT, exports.run(outputs=exports.CHAT), feedback(feedback_source={"type": "api"})],
        ("api", 1.0, None),
    ),
    "LangSmith: a word from its pages": (
        "langsmith",
        [
            feedback(run_id="r", score=None, value="kind", feedback_source='{"type": "app"}'),
            exports.run(outputs=exports.CHAT),
        ],
        ("human", None, "kind"),
    ),
    "LangSmith: a judge's": (
        "langsmith",
        [exports.run(outputs=exports.CHAT), feedback(run_id="r", score=False, feedback_source={"type": "model"})],
        ("evaluation", 0.0, None),
    ),
    "LangSmith: what a run counts": (
        "langsmith",
        [exports.run(outputs=exports.CHAT, feedback_stats='{"good": {"n": 4, "avg": 0.75}}')],
        ("api", 0.75, None),
    ),
    "LangSmith: words that a run counts": (
        "langsmith",
        [exports.run(outputs=exports.CHAT, feedback_stats={"good": {"n": 3, "values": {"no": 1, "yes": 2}}})],
        ("api", None, "yes"),
    ),
    "MLflow: a judge's, as it is called of late": (
        "mlflow",
        [assessed(source={"source_type": "AI_JUDGE"}, feedback={"value": 0.5})],
        ("evaluation", 0.5, None),
    ),
    "MLflow: nobody says whose": ("mlflow", [assessed(source={}, feedback={"value": 0.5})], ("evaluation", 0.5, None)),
    "MLflow: of the trace": ("mlflow", [assessed()], ("human", 1.0, None)),
    "MLflow: of a span": (
        "mlflow",
        [assessed(source={"source_type": "LLM_JUDGE"}, feedback={"value": "yes"}, span_id=exports.TRACE["span_id"])],
        ("evaluation", None, "yes"),
    ),
    "Helicone: a thumb": (
        "helicone",
        [exports.HELICONE | {"feedback_rating": False, "response_body": {}}],
        ("api", 0.0, None),
    ),
    "Helicone: a score": (
        "helicone",
        [exports.HELICONE | {"scores": {"good": {"value": 80, "valueType": "number"}}, "response_body": {}}],
        ("evaluation", 80.0, None),
    ),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_verdict_is_a_label_of_its_interaction(name: str) -> None:
    format, items, (source, value, text) = VERDICTS[name]
    made = exports.read(format, *items)
    assert not [item for item in made if isinstance(item, RejectedEntry)]
    (row,) = (item for item in made if isinstance(item, Row) and item.table is LABELS)
    (call,) = (item for item in made if isinstance(item, Row) and item.table.name == "interactions")
    label = check(row.table, row.fields, Limits())
    assert label["request_id"] == call.fields["request_id"]
    assert label["name"] == ("feedback" if name == "Helicone: a thumb" else "good")
    assert (label["source"], label["value"], label["text"]) == (source, value, text)


@pytest.mark.parametrize(
    ("format", "items"),
    [
        ("phoenix", [SPAN, phoenix("LLM", score=0.9) | {"identifier": OWN_SCORE + "0f"}]),  # ours, come back
        ("mlflow", [assessed(feedback=None, expectation={"value": "Until six."})]),
        ("mlflow", [assessed(valid=False)]),
        ("langsmith", [exports.run(outputs=exports.CHAT, feedback_stats={"good": {"n": 0, "avg": None}})]),
        ("helicone", [exports.HELICONE | {"feedback_rating": None, "scores": {}, "response_body": {}}]),
    ],
)
def test_what_is_no_verdict_is_no_label(format: str, items: list[dict[str, Any]]) -> None:
    made = exports.read(format, *items)
    assert not [item for item in made if isinstance(item, RejectedEntry)]
    assert not [item for item in made if isinstance(item, Row) and item.table is LABELS]


@pytest.mark.parametrize(("format", "verdict"), [("phoenix", phoenix("HUMAN", score=1)), ("langsmith", feedback())])
def test_a_verdict_on_a_span_that_is_not_read_names_it_all_the_same(format: str, verdict: dict[str, Any]) -> None:
    """It is dropped where the day has no such interaction, and kept where another source has it."""
    (row,) = exports.read(format, verdict)
    assert isinstance(row, Row)
    assert row.fields["request_id"] == verdict.get("span_id", verdict.get("run_id"))
