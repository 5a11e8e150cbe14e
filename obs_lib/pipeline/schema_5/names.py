"""Names in stored rows, the old one in and the new one out. A new name stays as it is, so renaming twice changes nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

_EVALUATOR = ("utilisation", "context_utilization")
_METRIC = ("context_utilisation", "context_utilization")
_ADJUSTED = ("equal_tokens:", "token_adjusted:")
_BASIS = ("latency at equal tokens", "token-adjusted latency")
_GPU = ("GPU utilisation", "GPU utilization")
_TITLES = ("Change in ", "Scores of ", "The evaluator ")  # of incidents, before names of evaluators
_NOTES = {
    "utilisation was not run": "context_utilization was not run",
    "no SM utilisation in the samples": "no SM utilization in the samples",
    "utilisation or latency was the same in every hour": "utilization or latency was the same in every hour",
}
_HOURS = (" hours have utilisation and latency", " hours have utilization and latency")


def evaluator(name: str) -> str:
    """An evaluator's name, also among other words of ours."""
    return re.sub(rf"\b{_EVALUATOR[0]}\b", _EVALUATOR[1], name)


def metric(name: str) -> str:
    """A metric, also one of labels: `context_utilisation:recall`."""
    return re.sub(rf"^{_METRIC[0]}\b", _METRIC[1], name)


def distance(name: str) -> str:
    """The name of a comparison: `change:<metric>`, `equal_tokens:<metric>`, or one of its own."""
    if name.startswith(_ADJUSTED[0]):
        return _ADJUSTED[1] + metric(name.removeprefix(_ADJUSTED[0]))
    return "change:" + metric(name.removeprefix("change:")) if name.startswith("change:") else name


def title(text: str) -> str:
    """The title of an incident."""
    if text.startswith(_GPU[0]):
        return _GPU[1] + text.removeprefix(_GPU[0])
    return evaluator(text) if text.startswith(_TITLES) else text


def note(text: str) -> str:
    """Why a metric has no value."""
    if text.partition(" ")[0].isdigit():
        return text.replace(*_HOURS)
    return _NOTES.get(text, text)


def fact(evidence: Row) -> dict[str, Any]:
    """One entry of an incident's evidence."""
    changed = {("token_adjusted" if name == "at_equal_tokens" else name): value for name, value in evidence.items()}
    for name in ("metric", "family"):
        if isinstance(changed.get(name), str):
            changed[name] = evaluator(metric(changed[name]))
    if changed.get("basis") == _BASIS[0]:
        changed["basis"] = _BASIS[1]
    return changed


def incidents(alerts: Iterable[Row]) -> dict[str, str]:
    """Fingerprints that were made of an old name: the one before to the one now. alerts : rows under old or new names."""
    renamed: dict[str, str] = {}
    for row in alerts:
        causes = _causes(row["kind"], [fact(entry) for entry in json.loads(row["evidence"])])
        if causes is not None:
            old, new = (fingerprint(row["kind"], row["segment"], cause) for cause in causes)
            renamed[old] = new
    return renamed


def _causes(kind: str, evidence: Sequence[Row]) -> tuple[str, str] | None:
    """What an incident was and is named after, from its evidence under the new names; None where that is the same."""
    measured = str(evidence[0].get("metric")) if evidence else ""
    old, new = _EVALUATOR
    return {
        ("objective", _METRIC[1]): _METRIC,
        ("data", f"failed {new} scores"): (f"scores:{old}", f"scores:{new}"),
        ("data", f"{new} on the anchors, largest difference"): (f"evaluator:{old}", f"evaluator:{new}"),
    }.get((kind, measured))


def fingerprint(kind: str, segment: str, cause: str) -> str:
    """The name that an incident had in version 4, by what it was and where."""
    return hashlib.sha256(json.dumps([kind, segment, cause]).encode()).hexdigest()[:32]
