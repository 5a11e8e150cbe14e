"""How comparisons with the baseline are called."""

from __future__ import annotations

from obs_lib.catalogue.distances import TOKEN_ADJUSTED, changed_metric, subject
from obs_lib.records import DriftVerdict
from obs_lib.reporting.safe import line
from obs_lib.reporting.table_rows import TableRow
from obs_lib.reporting.tone import Tone

TITLES = {
    "semantic_drift": "Semantic drift of answers to the same prompts",
    "token_kl": "KL divergence of output tokens",
    "answer_drift": "Drift of answers to alike prompts",
    "topic_drift": "Drift of what prompts are about",
}
VERDICTS = {
    DriftVerdict.DRIFTED: ("drifted", Tone.SERIOUS),
    DriftVerdict.UNSURE: ("above chance, not sure", Tone.NOTICE),
    DriftVerdict.STABLE: ("stable", Tone.GOOD),
    DriftVerdict.TOO_FEW: ("too early", Tone.ABSENT),
}


def distance_title(name: str) -> str:
    """The title of a distance that is no change of a metric."""
    return TITLES.get(name, line(name.replace("_", " "), 60).capitalize())


def changed_title(row: TableRow) -> str:
    """The title of the metric whose change a row of `drift` is."""
    metric = changed_metric(row["name"])
    title = metric.title if metric else line(subject(row["name"]), 60)
    return f"{title}, at equal tokens" if row["name"].startswith(TOKEN_ADJUSTED) else title
