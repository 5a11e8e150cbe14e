"""The requests of one day from which examples are chosen: first what is short of all of them, then texts of the chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

import pandas as pd

from obs_lib.alerts.place import Place
from obs_lib.catalogue import one_is_bad
from obs_lib.excerpts import SlowTrace
from obs_lib.lake.tables import INTERACTIONS, LABELS, SCORES, SPANS
from obs_lib.pipeline.earlier_answers import EarlierAnswers
from obs_lib.pipeline.judging import harm_judges
from obs_lib.pipeline.request_places import inside, segments_of
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, ScoreStatus
from obs_lib.reporting.parts import EarlierAnswer, IncidentExample
from obs_lib.summaries.confirmed import COLUMNS, PERSON, SCORE, Witnesses, confirmed
from obs_lib.summaries.segments import SLICED, Segments
from obs_lib.summaries.slow_traces import slow_traces
from obs_lib.summaries.stages import Traces, measure

_ITEMS = 3  # examples of one kind
_LOOKED_AT = 30  # of the worst answers, among which equal ones are dropped
_COMPARED = 200  # prompts whose answers are held against earlier ones

Items = tuple[IncidentExample, ...]


class ExampleRequests:
    """Reads of the lake what it is asked for, and each thing once."""

    def __init__(self, ws: Workspace, day: Day) -> None:
        self._ws, self.day = ws, day

    def worst(self, place: Place, evaluator: str, earlier: EarlierAnswers | None) -> Items:
        """The worst answers by an evaluator's score, different ones, each beside an earlier one."""
        scores = self._scores(place, evaluator)
        scores = scores.sort_values("value", ascending=not one_is_bad(evaluator), kind="stable")
        texts = self._texts(scores.index[:_LOOKED_AT]).dropna(subset=["response"]).drop_duplicates("response")[:_ITEMS]
        then = earlier.to(texts["prompt"].fillna("")) if earlier else [None] * len(texts)
        values, notes = scores["value"], scores["note"]
        return tuple(
            self._example(texts, name, float(values[name]), notes[name], answer)
            for name, answer in zip(texts.index, then, strict=True)
        )

    def harmful(self, place: Place) -> Items:
        """The answers that are confirmed as harmful, those that a person read first."""
        read, day = self._ws.lake.read, [self.day]
        judges, settings = harm_judges(self._ws.judges), self._ws.settings
        rows = read(INTERACTIONS, day, list(COLUMNS), {"request_id": list(self._inside(place)["request_id"])})
        scores = read(SCORES, day, ["request_id", "evaluator", "status", "value"], {"evaluator": [SCORE, *judges]})
        found = confirmed(
            rows, scores, read(LABELS, day), Witnesses(judges, settings.summaries.harm_flags, settings.labels)
        )
        named = sorted(
            (who != PERSON, name, who) for name, who in zip(rows["request_id"], found.by, strict=True) if who
        )
        texts = self._texts([name for _, name, _ in named[:_ITEMS]])
        return tuple(self._example(texts, name, 1.0, f"by {who}") for _, name, who in named[:_ITEMS])

    def changed(self, place: Place, earlier: EarlierAnswers) -> Items:
        """The answers that are least like the earlier ones beside them."""
        texts = self._texts(self._scores(place, None).index[:_COMPARED]).dropna(subset=["prompt", "response"])
        texts = texts.drop_duplicates("prompt")
        found = zip(texts.index, texts["response"], earlier.to(texts["prompt"]), strict=True)
        pairs = [(name, response, then) for name, response, then in found if then is not None]
        alike = earlier.likeness([(response, then.response or "") for _, response, then in pairs])
        known = [(value, name, then) for value, (name, _, then) in zip(alike, pairs, strict=True) if value is not None]
        least = sorted(known, key=lambda one: one[:2])[:_ITEMS]
        return tuple(self._example(texts, name, value, None, then) for value, name, then in least)

    def failed(self, place: Place) -> Items:
        """One request of each kind of error, the commonest kinds first."""
        rows = self._inside(place).dropna(subset=["error_kind"])
        counted = Counter(rows["error_kind"])
        first = rows.drop_duplicates("error_kind").set_index("error_kind")["request_id"]
        chosen = {first[kind]: kind for kind in sorted(counted, key=lambda kind: (-counted[kind], kind))[:_ITEMS]}
        texts = self._texts(chosen)
        return tuple(
            self._example(texts, name, float(counted[kind]), f"{kind}: {texts['error'][name] or ''}")
            for name, kind in chosen.items()
        )

    def slow(self, place: Place, column: str) -> Items:
        """The slowest requests by a column in ms."""
        took = self._slowest(place, column)
        texts = self._texts(took)
        return tuple(self._example(texts, name, ms, None) for name, ms in took.items())

    def slow_traces(self, place: Place, column: str) -> tuple[SlowTrace, ...]:
        """Their traces; empty where they were not traced."""
        return self._traces(
            self._ws.lake.read(SPANS, [self.day], where={"request_id": list(self._slowest(place, column))})
        )

    def stage_traces(self, place: Place, stage: str) -> tuple[SlowTrace, ...]:
        """The traces in which a stage failed, or else took longest."""
        spans = self._ws.lake.read(SPANS, [self.day], where={"stage": [stage]})
        spans = spans[spans["request_id"].isin(self._inside(place)["request_id"])]
        failed = spans[spans["error"].notna()]
        spans = failed if len(failed) else spans
        return self._traces(spans.sort_values(["duration_ms", "trace_id"], ascending=[False, True]))

    @cached_property
    def _short(self) -> pd.DataFrame:
        columns = ["request_id", *SLICED, "error_kind", "total_latency_ms", "ttft_ms"]
        return self._ws.lake.read(INTERACTIONS, [self.day], columns)

    @cached_property
    def _segments(self) -> Segments:
        return segments_of(self._ws, self.day, self._short)

    def _inside(self, place: Place) -> pd.DataFrame:
        return self._short[inside(self._segments, place)]

    def _slowest(self, place: Place, column: str) -> dict[str, float]:
        rows = self._inside(place).dropna(subset=[column])
        rows = rows.sort_values([column, "request_id"], ascending=[False, True])[:_ITEMS]
        return {str(name): float(ms) for name, ms in zip(rows["request_id"], rows[column], strict=True)}

    def _scores(self, place: Place, evaluator: str | None) -> pd.DataFrame:
        """Value and note of the answers that were scored, by an evaluator or anybody; by request id, in its order."""
        where = {"status": [ScoreStatus.SCORED.value]} | ({"evaluator": [evaluator]} if evaluator else {})
        scores = self._ws.lake.read(SCORES, [self.day], ["request_id", "evaluator", "value", "note"], where)
        inside = self._inside(place)["request_id"]
        return scores[scores["request_id"].isin(inside)].drop_duplicates("request_id").set_index("request_id")

    def _texts(self, names: Sequence[str] | Mapping[str, object] | pd.Index) -> pd.DataFrame:
        """What is shown of requests, by request id, in this order."""
        columns = ["request_id", *SLICED, "prompt", "response", "error"]
        rows = self._ws.lake.read(INTERACTIONS, [self.day], columns, {"request_id": list(names)})
        segments = segments_of(self._ws, self.day, rows)
        rows["segment"] = [segments.route(at) for at in range(len(rows))]
        rows = rows.set_index("request_id").reindex(list(names)).astype(object)
        return rows.where(rows.notna(), None)

    def _traces(self, spans: pd.DataFrame) -> tuple[SlowTrace, ...]:
        """The traces that hold the spans, the first ones of them."""
        names = list(dict.fromkeys(spans["trace_id"].dropna()))[:_ITEMS]
        whole = self._ws.lake.read(SPANS, [self.day], where={"trace_id": names})
        traces = Traces(whole)
        requests = sorted(set(whole["request_id"].dropna()))
        rows = self._ws.lake.read(INTERACTIONS, [self.day], ["request_id", *SLICED], {"request_id": requests})
        options = self._ws.settings.summaries.model_copy(update={"slow_traces": _ITEMS})
        drawn = slow_traces(traces, measure(traces), rows, segments_of(self._ws, self.day, rows), options)
        return tuple(SlowTrace.decode(payload) for *_, payload in drawn)

    def _example(
        self, texts: pd.DataFrame, name: str, value: float, note: str | None, earlier: EarlierAnswer | None = None
    ) -> IncidentExample:
        segment, prompt, response = (texts[column][name] for column in ("segment", "prompt", "response"))
        return IncidentExample(name, segment or "", prompt, response, value, note, earlier)
