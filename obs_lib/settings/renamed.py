"""Settings that bear another name now. A file that uses an old one is refused with the new one, not as unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Renamed:
    """A key, or an item of a list, that was called otherwise.

    place : the keys that lead to what holds it; none for the file itself.
    old : the name as it was, also where a colon and more follow, as in `metric:corrected`.
    """

    place: tuple[str, ...]
    old: str
    new: str


RENAMED = (
    Renamed((), "keeping", "retention"),
    Renamed(("alerts",), "page_severities", "notify_severities"),
    Renamed(("alerts", "family_weights"), "latency at equal tokens", "token-adjusted latency"),
    Renamed(("alerts", "objectives"), "context_utilisation", "context_utilization"),
    Renamed(("alerts", "objective_severities"), "context_utilisation", "context_utilization"),
    Renamed(("drift",), "false_discovery_rate", "false_alarms_a_quarter, about 91 times as large,"),
    Renamed(("drift", "min_changes"), "context_utilisation", "context_utilization"),
    Renamed(("scoring", "evaluators"), "utilisation", "context_utilization"),
    Renamed(("labels", "scores"), "utilisation", "context_utilization"),
    Renamed(("judges",), "utilisation", "context_utilization"),
)


def old_names(data: Mapping[str, object]) -> Iterator[str]:
    """What to say of each old name in the data of a settings file.

    >>> list(old_names({"keeping": {}, "scoring": {"evaluators": ["format", "utilisation"]}}))
    ['keeping: is called retention now', 'scoring.evaluators.utilisation: is called context_utilization now']
    """
    for renamed in RENAMED:
        for name in _names(data, renamed.place):
            first, colon, rest = name.partition(":")
            if first == renamed.old:
                yield f"{'.'.join((*renamed.place, name))}: is called {renamed.new}{colon}{rest} now"


def _names(data: object, place: tuple[str, ...]) -> list[str]:
    """The keys of the mapping at this place, or the items of the list; none where there is neither."""
    for key in place:
        data = data.get(key) if isinstance(data, Mapping) else None
    return [name for name in data if isinstance(name, str)] if isinstance(data, (Mapping, list)) else []
