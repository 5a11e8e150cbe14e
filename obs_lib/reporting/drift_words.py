"""How comparisons with the baseline are called."""

from __future__ import annotations

from obs_lib.catalogue import metric_of
from obs_lib.records import DriftVerdict
from obs_lib.reporting.inputs import TableRow
from obs_lib.reporting.safe import line
from obs_lib.reporting.tone import Tone

TITLES = {
    "semantic_drift": "Semantic drift of answers to the same prompts",
    "token_kl": "KL divergence of output tokens",
}
VERDICTS = {
    DriftVerdict.DRIFTED: ("drifted", Tone.SERIOUS),
    DriftVerdict.STABLE: ("stable", Tone.GOOD),
    DriftVerdict.TOO_FEW: ("too early", Tone.ABSENT),
}
CHANGES = ("change:", "token_adjusted:")


def distance_title(name: str) -> str:
    return TITLES.get(name, line(name.replace("_", " "), 60).capitalize())


def metric_name(row: TableRow) -> str:
    name: str = row["name"]
    for prefix in CHANGES:
        name = name.removeprefix(prefix)
    return name


def changed_title(row: TableRow) -> str:
    name = metric_name(row)
    title = metric.title if (metric := metric_of(name)) else line(name, 60)
    return f"{title}, at equal tokens" if row["name"].startswith("token_adjusted:") else title
