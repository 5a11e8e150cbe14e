"""What an evaluator that is not the one of the baseline days does to alerts: it is told by itself, and takes no part in others.

Its metrics have no baseline (`drift.evaluator_change`), so they are no signal of a change in the model. A new breach of an
objective is news only against days that the same evaluator scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from obs_lib.alerts.faults import Fault
from obs_lib.records import Day, EvaluatorChange, EvaluatorVerdict, Severity, Signal

_NOTE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Moved:
    """Which evaluators are not the ones of the baseline days. By default every evaluator is the same."""

    away: Mapping[str, frozenset[Day]] = field(default_factory=dict)
    """By evaluator, the baseline days that it scored otherwise; one that scored all of them alike is not there."""
    evaluators: Mapping[str, EvaluatorChange] = field(default_factory=dict)
    """By name, the evaluators that are left without a baseline."""

    def comparable(self, evaluator: str | None, day: Day) -> bool:
        """Whether a day's metrics of an evaluator can stand beside today's; those of no evaluator always can."""
        return day not in self.away.get(evaluator or "", ())


def evaluators_moved(changes: Sequence[EvaluatorChange]) -> Moved:
    """Sort the day's evaluators by what became of them."""
    return Moved(
        {change.evaluator: frozenset(change.away) for change in changes if change.away},
        {change.evaluator: change for change in changes if change.verdict is EvaluatorVerdict.MOVED},
    )


def moved_faults(moved: Moved) -> Iterator[Fault]:
    """Yield a fault for each evaluator without a baseline: somebody should know, nobody need be woken."""
    for name, change in sorted(moved.evaluators.items()):
        what = (
            f"version {change.before} became {change.version}"
            if change.reason == "version"
            else f"the same version scores {change.moved} of {change.anchors} anchors otherwise"
        )
        signal = Signal(
            f"{name} on the anchors, largest difference",
            change.largest,
            "probability",
            n=change.anchors,
            note=f"{what}; {len(change.away)} baseline days are not comparable"[:_NOTE_LENGTH],
        )
        title = f"The evaluator {name} itself moved"
        yield Fault(f"evaluator:{name}", Severity.P2, title, 1.0, (signal,), "its metrics have no baseline")
