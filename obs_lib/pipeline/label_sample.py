"""Draw what people should label, as JSON Lines that come back as a label source."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from obs_lib.errors import ConfigError
from obs_lib.lake.tables import INTERACTIONS, SCORES
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, ScoreStatus
from obs_lib.summaries.label_draw import draw_for_labels

_TEXTS = ("prompt", "response", "contexts")


def label_sample(
    ws: Workspace, days: Sequence[Day], score: str, n: int, *, show_scores: bool = False
) -> Iterator[dict[str, Any]]:
    """The interactions to label, one mapping a line: request_id, label, value (None, for a person to fill in), source,
    inclusion (probability of having been scored and drawn), day, prompt, contexts, response.

    Texts are masked as the settings say for what is shown. Scores stay out, so that people are not led, but with
    `show_scores`. ConfigError where the score is of no evaluator that ran; DayNotReady before a day is scored.
    """
    scored = _scored(ws, days, score)
    drawn = draw_for_labels(scored, n)
    texts = _texts(ws, drawn)
    label = ws.settings.labels.names(score)[0]
    for row in drawn.to_dict("records"):
        shown_texts = {name: _shown(ws, texts[row["request_id"]][name], name) for name in _TEXTS}
        shown = {"score": row["value"]} if show_scores else {}
        yield {
            "request_id": row["request_id"],
            "label": label,
            "value": None,
            "source": "human",
            "inclusion_probability": row["inclusion_probability"],
            "day": row["day"],
            **shown_texts,
            **shown,
        }


def _scored(ws: Workspace, days: Sequence[Day], score: str) -> pd.DataFrame:
    columns = ["day", "request_id", "evaluator", "status", "value", "inclusion_probability"]
    rows = pd.concat([ws.lake.read_ready(SCORES, day, columns) for day in days], ignore_index=True)
    known = sorted(rows["evaluator"].unique())
    if score not in known:
        raise ConfigError(
            "there is no score of this name on these days", rule="one of " + (", ".join(known) or "none"), found=score
        )
    scored = rows[(rows["evaluator"] == score) & (rows["status"] == ScoreStatus.SCORED.value) & rows["value"].notna()]
    if scored.empty:
        raise ConfigError("nothing was scored on these days", rule="an interaction with a score", found=score)
    return scored.sort_values(["day", "request_id"], ignore_index=True)


def _texts(ws: Workspace, drawn: pd.DataFrame) -> dict[str, dict[str, Any]]:
    texts_of: dict[str, dict[str, Any]] = {}
    for day, rows in drawn.groupby("day", sort=True):
        wanted = {"request_id": list(rows["request_id"])}
        read = ws.lake.read(INTERACTIONS, [Day.fromisoformat(str(day))], ["day", "request_id", *_TEXTS], where=wanted)
        for name, *texts in read[["request_id", *_TEXTS]].itertuples(index=False, name=None):
            texts_of[name] = dict(zip(_TEXTS, (text if isinstance(text, str) else None for text in texts), strict=True))
    return texts_of


def _shown(ws: Workspace, text: str | None, name: str) -> Any:
    """A text as it may be shown; contexts as a list of texts."""
    if text is None:
        return None
    if name != "contexts":
        return ws.redactor.shown(text)
    return [ws.redactor.shown(str(one.get("text") or "")) for one in json.loads(text) if isinstance(one, dict)]
