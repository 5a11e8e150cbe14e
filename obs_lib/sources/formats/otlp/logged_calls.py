"""Calls of coding agents that are in the log twice, as an event and as a span: one interaction, with what either says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from obs_lib.sources.entries import Item, Row
from obs_lib.sources.formats.otlp.encoding import Span

_IDS = ("request_id", "gen_ai.response.id")


def ids_of(call: Span) -> Iterator[str]:
    """What the provider calls the request that a span is of."""
    return (name for key in _IDS if isinstance(name := call.attributes.get(key), str) and name)


class LoggedCalls:
    """What the events of one read give: interactions, and rejects. A span of the same request takes an interaction's place."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = list(items)
        self._by_id = {item.fields["request_id"]: item for item in self._items if isinstance(item, Row)}
        self._told: set[str] = set()

    def beside(self, call: Span) -> dict[str, Any]:
        """What the event of the same request says, without which request it is; {} where there is none."""
        name = next((name for name in ids_of(call) if name in self._by_id), None)
        if name is None:
            return {}
        self._told.add(name)
        said = self._by_id[name].fields.items()
        return {key: value for key, value in said if value is not None and key not in ("request_id", "timestamp")}

    def rest(self, told: Collection[str]) -> Iterator[Item]:
        """All but those that spans have told. told : ids of requests whose spans were read before."""
        for item in self._items:
            name = item.fields["request_id"] if isinstance(item, Row) else None
            if name not in self._told and name not in told:
                yield item
