from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.samples.asks import ASKS
from obs_lib.samples.calendar import MALFORMED, OUTAGE, ROLL_OUT, SLOW, TOXIC, Incidents, incidents_of
from obs_lib.samples.generate import FIRST_DAY, day_lines, write_samples
from obs_lib.samples.handbook import FACTS, passage
from obs_lib.samples.patterns import expand, seeded

QUIET = 3


@cache
def rows(number: int, route: str = "assistant") -> list[dict[str, Any]]:
    day = FIRST_DAY + dt.timedelta(days=number - 1)
    lines = day_lines(day, number, 7, 110)
    all_rows = [json.loads(line) for line in lines[: 2 * 110]]
    return [row for row in all_rows if row["tags"]["route"] == route]


def refusals(number: int) -> float:
    sorry = re.compile(r"can't help|cannot|not able to|unable to")
    return mean(bool(sorry.search(row["response"] or "")) for row in rows(number))


def test_the_same_call_writes_the_same_bytes_and_days_stand_alone(tmp_path: Path) -> None:
    few = write_samples(tmp_path / "a", days=2, per_route=45)
    assert [file.name for file in few] == ["2025-03-03.jsonl.gz", "2025-03-04.jsonl.gz"]
    again = write_samples(tmp_path / "b", days=2, per_route=45)
    assert [file.read_bytes() for file in few] == [file.read_bytes() for file in again]
    second = gzip.decompress(few[1].read_bytes()).decode().splitlines()
    assert second == day_lines(dt.date(2025, 3, 4), 2, 7, 45)
    assert day_lines(dt.date(2025, 3, 4), 2, 8, 45) != second


def test_forty_prompts_a_route_are_asked_every_day_in_the_same_words() -> None:
    for route in ("assistant", "docs-rag"):
        asked = [{row["prompt_id"]: row["prompt"] for row in rows(n, route) if row["prompt_id"]} for n in (1, 2, 16)]
        assert len(asked[0]) == 40
        assert asked[0] == asked[1] == asked[2]


def test_answers_to_the_same_prompt_vary_between_quiet_days() -> None:
    first, second = ({row["prompt_id"]: row["response"] for row in rows(n) if row["prompt_id"]} for n in (1, 2))
    assert mean(first[name] != second[name] for name in first) > 0.7


def test_quiet_answers_rest_on_their_contexts_and_those_of_the_outage_do_not() -> None:
    def supported(row: dict[str, Any]) -> float:
        known = set(re.findall(r"\w+", " ".join(item["text"] for item in row["contexts"]).lower()))
        words = re.findall(r"\w+", row["response"].lower())
        return sum(word in known for word in words) / len(words)

    quiet = [supported(row) for row in rows(QUIET, "docs-rag") if row["response"]]
    outage = [supported(row) for row in rows(OUTAGE[0], "docs-rag") if row["response"]]
    assert min(quiet) > 0.8
    assert 0.7 < mean(share < 0.6 for share in outage) < 0.95


def test_every_incident_shows_on_its_days_and_not_before() -> None:
    speed = {n: median(row["tpot_ms"] for row in rows(n) if row["tpot_ms"]) for n in (QUIET, SLOW[0], SLOW[-1] + 1)}
    assert speed[SLOW[0]] > 2 * speed[QUIET]
    assert speed[SLOW[-1] + 1] < 1.2 * speed[QUIET]
    assert {row["model_version"] for row in rows(ROLL_OUT - 1)} == {"nova-1.0"}
    assert {row["model_version"] for row in rows(ROLL_OUT)} == {"nova-1.1"}
    assert refusals(ROLL_OUT) > 0.2 > 0.08 > refusals(QUIET)
    assert [sum("idiot" in (row["response"] or "") for row in rows(n)) > 5 for n in (QUIET, ROLL_OUT, TOXIC[0])] == [
        False,
        False,
        True,
    ]


def test_json_is_closed_before_the_roll_out_and_mostly_open_after_it() -> None:
    def closed(numbers: tuple[int, ...]) -> float:
        texts = [row["response"] for n in numbers for row in rows(n) if row["expected_format"] == "json"]
        assert len(texts) > 15
        return mean((text or "").endswith("}") for text in texts)

    assert closed((1, 2, QUIET)) > 0.9
    assert closed((ROLL_OUT, ROLL_OUT + 1, ROLL_OUT + 2)) < 0.5


def test_the_first_nine_days_are_quiet() -> None:
    assert {incidents_of(n)._replace(malformed=None) for n in range(1, 10)} == {Incidents()}


def test_broken_lines_come_last_on_their_days() -> None:
    for number in MALFORMED:
        assert len(day_lines(FIRST_DAY, number, 7, 5)) == 11
    assert len(day_lines(FIRST_DAY, 1, 7, 5)) == 10


def test_latencies_add_up() -> None:
    for row in rows(QUIET):
        if row["error"] is None:
            assert row["total_latency_ms"] > row["ttft_ms"] > row["prefill_ms"] > 0
            assert abs(row["total_latency_ms"] - row["ttft_ms"] - row["decode_ms"]) < 0.2


def test_patterns_are_well_formed() -> None:
    for pattern in [text for ask in ASKS for text in (ask.question, ask.answer or "")] + [
        text for fact in FACTS for text in (fact.question, fact.answer, fact.invented)
    ]:
        assert pattern.count("{") == pattern.count("}")
        shown = expand(pattern, seeded(pattern))
        assert not set("{}|") & set(shown), shown
        assert "  " not in shown
    assert len(FACTS) == 40
    assert all(passage(fact.topic).count(fact.context) == 1 for fact in FACTS)


@given(st.integers(0, 10_000))
def test_equal_seeds_expand_alike(seed: int) -> None:
    pattern = "{a|b|{c|d}} and {e|f}"
    assert expand(pattern, seeded(seed)) == expand(pattern, seeded(seed))


def test_the_stages_of_docs_rag_follow_one_another_and_fill_the_latency() -> None:
    for row in rows(QUIET, "docs-rag"):
        root, *spans = row["spans"]
        assert (root["parent_id"], root["start_ms"], root["duration_ms"]) == (None, 0.0, row["total_latency_ms"])
        stages = [one for one in spans if one["parent_id"] == "root"]
        assert sum(one["duration_ms"] for one in stages) == pytest.approx(row["total_latency_ms"])
        for before, after in pairwise(stages):
            assert before["start_ms"] + before["duration_ms"] == pytest.approx(after["start_ms"])
        names = ["router", "retrieval", "prompt_builder", "inference", "safety_filter", "output_processor"]
        assert [one["name"] for one in stages] == names[: 4 if row["error"] else 6]
        inner = [one for one in spans if one["parent_id"] == "retrieval"]
        assert sum(one["duration_ms"] for one in inner) == pytest.approx(stages[1]["duration_ms"])
        assert min(one["duration_ms"] for one in row["spans"]) > 0
    assert not any("spans" in row for row in rows(QUIET))


def test_retrieval_fails_and_is_slow_in_its_outage() -> None:
    def retrieval(number: int) -> tuple[float, float]:
        retrievals = [span for row in rows(number, "docs-rag") for span in row["spans"] if span["name"] == "retrieval"]
        return mean(span["error"] is not None for span in retrievals), median(
            span["duration_ms"] for span in retrievals
        )

    quiet, outage = retrieval(QUIET), retrieval(OUTAGE[0])
    assert quiet[0] == 0
    assert outage[0] > 0.7
    assert outage[1] > 1.5 * quiet[1]


def test_stages_are_drawn_apart_and_change_nothing_else() -> None:
    """The digest of these lines as they were before they had stages."""
    known = {1: "2a4c694ec62f9fc708ac366029501ba7", 10: "7ed73a9d1db9fa2ce302b33b3089236a"}
    for number, digest in known.items():
        parsed = map(json.loads, day_lines(FIRST_DAY + dt.timedelta(days=number - 1), number, 7, 40))
        lines = [json.dumps({k: v for k, v in row.items() if k != "spans"}, ensure_ascii=False) for row in parsed]
        assert hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32] == digest
