"""Langfuse's public API, page by page: the observations and scores of a UTC day, as they are served.

Where the server knows them, the newer paths are asked (observations v2 with all field groups, scores v3; both by cursor), else
the older ones by page number. Paths and parameters are those of Langfuse's own client, `langfuse.api`.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from obs_lib.errors import ConfigError
from obs_lib.http import RetryPolicy
from obs_lib.records import Day, is_own_score
from obs_lib.sources.entries import Entry
from obs_lib.sources.json_api import RETRY, JsonApi, Unserved, check_host

GRACE = dt.timedelta(minutes=15)
"""Read around a day as well, so that a trace that crosses midnight is whole; in files just so."""

_GROUPS = "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"
_MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class _Path:
    """One list of the API. `low` and `high` name the parameters that bound it, from (included) and to (excluded)."""

    origin: str
    path: str
    low: str
    high: str
    limit: int  # items a page, at most
    fields: str | None = None
    by_cursor: bool = True


_OBSERVATIONS = (
    _Path("langfuse:observations", "/api/public/v2/observations", "fromStartTime", "toStartTime", 1000, _GROUPS),
    _Path("langfuse:observations", "/api/public/observations", "fromStartTime", "toStartTime", 100, by_cursor=False),
)
# Older observations do not say whose they are; their traces do.
_TRACES = (_Path("langfuse:traces", "/api/public/traces", "fromTimestamp", "toTimestamp", 100, by_cursor=False),)
_SCORES = (
    _Path("langfuse:scores", "/api/public/v3/scores", "fromTimestamp", "toTimestamp", 100, "details,subject"),
    _Path("langfuse:scores", "/api/public/v2/scores", "fromTimestamp", "toTimestamp", 100, by_cursor=False),
)


@dataclass(frozen=True)
class LangfuseEntries:
    """Reads one project of one Langfuse server.

    Parameters
    ----------
    host : its address, http(s), with a path where it is served under one.
    public_key, secret_key : of the project. They go to `host` alone, never along with a redirect, and into no message.
    first : first day that `days` names; None: today in UTC alone, since the API cannot be asked which days it holds.
    last : last day that `days` names; None: today in UTC.
    page_size : items a page, 1 to 1,000; cut to what a path allows. Smaller pages take less memory.
    timeout_s : seconds without a word from the server after which a page is asked for again.
    retry : how often and when a page is asked for again while the server is busy, failing or away.
    wait : what waits between attempts; seconds to None.
    """

    host: str
    public_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    first: Day | None = None
    last: Day | None = None
    page_size: int = 100
    timeout_s: float = 60.0
    retry: RetryPolicy = RETRY
    wait: Callable[[float], None] = time.sleep
    _unserved: set[_Path] = field(default_factory=set, init=False, repr=False)

    def __post_init__(self) -> None:
        if not 1 <= self.page_size <= 1000:
            raise ConfigError("page_size is out of range", rule="1 to 1,000", found=self.page_size, where="page_size")
        if not self.public_key or not self.secret_key:
            raise ConfigError("Langfuse's keys are missing", rule="a public and a secret key")
        check_host(self.host)  # here, not in the middle of a night

    def _open(self) -> JsonApi:
        return JsonApi(self.host, (self.public_key, self.secret_key), self.timeout_s, self.retry, self.wait)

    def days(self) -> list[Day]:
        """Every day from `first` to `last`, whether or not it holds anything."""
        last = self.last or dt.datetime.now(dt.UTC).date()
        first = self.first or last
        return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]

    def entries(self, day: Day) -> Iterator[Entry]:
        """All observations and scores that can belong to the day. One page is held at a time.

        SourceError when a page cannot be had: half a day is worse than none.
        """
        midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
        low, high = midnight - GRACE, midnight + dt.timedelta(days=1) + GRACE
        with self._open() as api:
            for paths in (_OBSERVATIONS, _TRACES, _SCORES):
                if paths is _TRACES and _OBSERVATIONS[0] not in self._unserved:
                    continue
                items = self._items(api, paths, low, high)
                # What we send there ourselves is not even read: it would make the day's logs look changed.
                of_others = (item for item in items if paths is not _SCORES or not is_own_score(_id(item)))
                for number, item in enumerate(of_others, start=1):
                    raw = json.dumps(item, separators=(",", ":")).encode()
                    yield Entry(paths[0].origin, number, raw)

    def undated(self) -> Iterator[Entry]:
        """The API can only be asked for days."""
        return iter(())

    def _items(self, api: JsonApi, paths: tuple[_Path, ...], low: dt.datetime, high: dt.datetime) -> Iterator[Any]:
        """The items of the first of the paths that the server knows."""
        path = next((path for path in paths if path not in self._unserved), paths[-1])
        pages = self._pages(api, path, low, high)
        try:
            first = next(pages, [])
        except Unserved:
            if path is paths[-1]:
                raise
            self._unserved.add(path)
            yield from self._items(api, paths, low, high)
            return
        yield from first
        for page in pages:
            yield from page

    def _pages(self, api: JsonApi, path: _Path, low: dt.datetime, high: dt.datetime) -> Iterator[list[Any]]:
        query = {path.low: _stamp(low), path.high: _stamp(high), "limit": str(min(self.page_size, path.limit))}
        query |= {"fields": path.fields} if path.fields else {}
        if not path.by_cursor:
            query["page"] = "1"
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            served = api.get(path.path, query)
            items, meta = served.get("data"), served.get("meta")
            if not isinstance(items, list) or not isinstance(meta, dict):
                raise api.refusal("Langfuse's answer is not a page", path.path, rule="{data: [...], meta: {...}}")
            yield items
            if path.by_cursor:
                cursor = meta.get("cursor")
                if not isinstance(cursor, str) or not cursor:
                    return
                query["cursor"] = cursor
            else:
                pages = meta.get("totalPages")
                if not items or not isinstance(pages, int) or int(query["page"]) >= pages:
                    return
                cursor = query["page"] = str(int(query["page"]) + 1)
            if cursor in seen:
                raise api.refusal("Langfuse serves the same page again and again", path.path)
            seen.add(cursor)
        raise api.refusal("Langfuse has too many pages for one day", path.path, rule=f"at most {_MOST_PAGES}")


def _id(item: Any) -> Any:
    return item.get("id") if isinstance(item, dict) else None


def _stamp(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
