"""A day that is too large for memory is dealt to files by trace, and comes to the same."""

from __future__ import annotations

import datetime as dt
import json
import random
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.sources.entries import Entry, Item, PassedOver, RejectedEntry, Row
from obs_lib.sources.formats import spill
from obs_lib.sources.formats.loading import load_format
from obs_lib.sources.formats.otlp.by_trace import by_trace
from obs_lib.sources.options import SourceOptions
from tests import logs
from tests.logs import attribute
from tests.unit.sources.formats.test_otlp import log_line

DAY = dt.date(2025, 3, 7)
MODULES = {name: import_module(f"obs_lib.sources.formats.{name}.format") for name in ("otlp", "langfuse")}


def lines(name: str) -> list[bytes]:
    """A day's lines in no order, some several traces a line, some damaged."""
    rows = logs.interactions(DAY, per_route=20)
    made = [line for row in rows for line in logs.WRITERS[name](row)]
    if name == "otlp":
        pairs = zip(made[::4], made[1::4], strict=False)
        merged = [{"resourceSpans": [*one["resourceSpans"], *other["resourceSpans"]]} for one, other in pairs]
        call = made[1]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
        verdict = [attribute("gen_ai.evaluation.name", "good"), attribute("gen_ai.evaluation.score.value", 1.0)]
        named = {name: call[name] for name in ("traceId", "spanId")}
        judged = log_line({"eventName": "gen_ai.evaluation.result", "attributes": verdict} | named)
        broken = [b"{", b'{"resourceMetrics": []}', b'{"resourceSpans": [{"scopeSpans": [{"spans": [7]}]}]}', judged]
    else:
        merged = logs.langfuse_shapes("x")
        broken = [b"{", b'{"id": 3}', b"[]"]
    given = [*(json.dumps(item).encode() for item in [*made, *merged]), *broken]
    random.Random(7).shuffle(given)
    return given


def read(name: str, raw: list[bytes]) -> list[Item]:
    entries = [Entry("x.jsonl", number, line, DAY) for number, line in enumerate(raw, start=1)]
    return list(load_format(SourceOptions(format=name, path="x")).read(entries))


def said(items: list[Item]) -> list[Any]:
    """Everything but the order; of rejected entries that they are."""
    return sorted(
        json.dumps([item.table.name, item.fields, str(item.of)], default=str, sort_keys=True)
        if isinstance(item, Row)
        else f"{type(item).__name__} {item.entry.number} {item.what if isinstance(item, PassedOver) else ''}"
        for item in items
    )


@pytest.mark.parametrize("name", MODULES)
def test_shares_come_to_the_same_as_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given_lines = lines(name)
    whole = read(name, given_lines)
    assert sum(isinstance(item, Row) for item in whole) > 50
    assert sum(isinstance(item, RejectedEntry) for item in whole) >= 3
    monkeypatch.setattr(MODULES[name], "shares", partial(spill.shares, held=0))
    dealt = read(name, given_lines)
    assert sorted(set(said(dealt))) == sorted(set(said(whole)))


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", ""]), st.binary(max_size=30)), max_size=20), st.integers(0, 60)
)
def test_every_entry_comes_once_in_its_order_and_whole_traces_together(
    given_entries: list[tuple[str, bytes]], held: int
) -> None:
    entries = [Entry("x", n, raw, DAY if n % 2 else None, n % 3 == 0) for n, (_, raw) in enumerate(given_entries)]
    trace = {entry.number: name for entry, (name, _) in zip(entries, given_entries, strict=True)}
    dealt = [list(share) for share in spill.shares(entries, lambda entry: [(trace[entry.number], entry)], held)]
    assert sorted((entry for share in dealt for entry in share), key=lambda entry: entry.number) == entries
    for share in dealt:
        assert [entry.number for entry in share] == sorted(entry.number for entry in share)
    for name in {*trace.values()} - {""}:
        assert sum(any(trace[entry.number] == name for entry in share) for share in dealt) == 1


def test_a_line_is_taken_apart_by_trace_and_keeps_what_is_no_span() -> None:
    spans = [{"traceId": "A" * 32, "spanId": "1" * 16}, {"traceId": "b" * 32}, 7]
    line = {"resourceSpans": [{"resource": {"x": 1}, "scopeSpans": [{"spans": spans}]}], "resourceMetrics": []}
    parts = dict(by_trace(Entry("x", 1, json.dumps(line).encode())))
    assert set(parts) == {"", "a" * 32, "b" * 32}
    inside = json.loads(parts["b" * 32].raw)["resourceSpans"][0]
    assert inside == {"resource": {"x": 1}, "scopeSpans": [{"spans": [spans[1]]}]}
    whole = Entry("x", 1, b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "a"}, {"traceId": "a"}]}]}]}')
    assert dict(by_trace(whole)) == {"a": whole}
