"""What is wrong with the data of a day itself: logs missing, lines rejected, steps or scores failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from obs_lib.alerts.faults import Fault
from obs_lib.alerts.options import AlertOptions
from obs_lib.catalogue import occasional, quality
from obs_lib.records import ALL, Severity, Signal

_NOTE_LENGTH = 300  # characters of a failed step's message kept as evidence
_REASONS, _REASON_LENGTH = 3, 50  # commonest reasons named as evidence, and characters of each
_UNUSUAL = 0.3  # score of a day without logs where days without logs are nothing new
_HALF = 0.5  # from this share on, a data incident is P1: the day's figures say little


@dataclass(frozen=True, slots=True)
class DataFacts:
    """How the day's data arrived."""

    interactions: int = 0
    """Log lines taken."""
    rejected: int = 0
    """Log lines rejected for a reason of their own; one that only repeats another is neither taken nor rejected."""
    reasons: tuple[tuple[str, int], ...] = ()
    """(reason, lines) of the rejected ones, commonest first."""
    passed: tuple[tuple[str, int], ...] = ()
    """(what they are, calls) of the calls to models that are no interaction, commonest first."""
    spans: int = 0
    """Spans of a day without interactions; not counted on others."""
    example: str | None = None
    """Where the first of the commonest kind stands, of a day without interactions."""
    failures: tuple[tuple[str, str], ...] = ()
    """(step, message) of each step that failed."""
    usual: bool = False
    """Whether the baseline has days and every one of them had logs, so that a day without any is news."""


def data_faults(facts: DataFacts, metrics: pd.DataFrame, options: AlertOptions) -> list[Fault]:
    """Return what is wrong with the data of a day. metrics : the day's rows of the table; empty where there are none."""
    return [*_steps(facts), *_logs(facts, options), *_scores(metrics, options)]


def _steps(facts: DataFacts) -> Iterator[Fault]:
    for step, message in facts.failures:
        signal = Signal("step", step=step, note=f"{step}: {message}"[:_NOTE_LENGTH])
        yield Fault(f"step:{step}", Severity.P2, f"Step {step} failed", 1.0, (signal,), "the night is not complete")


def _logs(facts: DataFacts, options: AlertOptions) -> Iterator[Fault]:
    lines = facts.interactions + facts.rejected
    held = bool(facts.passed or facts.spans)
    if (
        facts.interactions == 0 and (held or lines == 0) and not facts.failures
    ):  # a failed step says why there is nothing
        severity, score = (Severity.P0, 1.0) if facts.usual else (Severity.P3, _UNUSUAL)
        cause, title = ("no_interactions", "Logs without interactions") if held else ("no_logs", "No logs for the day")
        signal = Signal("requests", 0, "count", note=_without(facts) if held else None)
        why = "every baseline day had logs" if facts.usual else "earlier days lack logs too, or none is known"
        yield Fault(cause, severity, title, score, (signal,), why)
    if lines and (share := facts.rejected / lines) >= options.reject_share:
        note = _commonest(facts.reasons)
        note += f"; the first: {facts.example}" if facts.example and not facts.passed else ""
        signal = Signal("rejected log lines", share, "share", limit=options.reject_share, n=lines, note=note)
        why = f"{share:.0%} of {lines:,} lines, P1 from {_HALF:.0%}"
        yield Fault("quarantine", _severity(share), "Log lines rejected", share, (signal,), why)


def _without(facts: DataFacts) -> str:
    """What there is instead of interactions, and where."""
    if not facts.passed:
        return f"of {facts.spans:,} span(s) none names a model or tokens"
    calls = f"calls to models that give no interaction: {_commonest(facts.passed)}"
    return f"{calls}; the first: {facts.example}" if facts.example else calls


def _commonest(reasons: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{reason[:_REASON_LENGTH]} ({n:,})" for reason, n in reasons[:_REASONS])


def _scores(metrics: pd.DataFrame, options: AlertOptions) -> Iterator[Fault]:
    for evaluator, (failed, total) in _failed_scores(metrics).items():
        share = failed / total
        if share >= options.failed_share:
            signal = Signal(f"failed {evaluator} scores", share, "share", limit=options.failed_share, n=total)
            title = f"Scores of {evaluator} failed"
            why = f"{share:.0%} of {total:,} scores, P1 from {_HALF:.0%}"
            yield Fault(f"scores:{evaluator}", _severity(share), title, share, (signal,), why)


def _failed_scores(metrics: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """(failed, tried) of each evaluator over the whole day; what was skipped was not tried."""
    whole = {str(row["metric"]): row for row in metrics[metrics["segment"] == ALL].to_dict("records")}
    counts = {}
    for metric in (*quality(), *occasional(whole)):
        row = whole.get(metric.name)
        if metric.evaluator is not None and row is not None:
            failed, scored = int(row["n_failed"]), int(row["n"]) if row["status"] == "OK" else 0
            if failed + scored:
                counts[metric.evaluator] = (failed, failed + scored)
    return counts


def _severity(share: float) -> Severity:
    return Severity.P1 if share >= _HALF else Severity.P2
