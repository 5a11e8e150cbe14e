"""What a batch API must do, and what both that there are have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, Protocol

from obs_lib.evaluators.judge.batches.register import Batch
from obs_lib.evaluators.judge.endpoint import CallFailed
from obs_lib.evaluators.judge.prompt import Body

Requests = Mapping[str, Body]
"""Requests to /chat/completions by their keys."""
Answer = tuple[str, Mapping[str, Any] | CallFailed]
"""A key, and the reply in the form of a chat completion or why there is none. `billed` says whether it cost something."""

PAGES = 50  # of a server's list of batches that are read, at most
SLACK_S = 3600.0  # by which its clock and ours may differ
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class Look(NamedTuple):
    """What a server says of a batch. failed : why the batch as a whole came to nothing; None where it did not."""

    ended: bool
    failed: str | None = None


class BatchApi(Protocol):
    """One server's batches. CallFailed from every method where the server cannot be asked, or says no."""

    def send(self, batch: Batch, requests: Requests, before_paying: Callable[[], bool]) -> str | None:
        """The server's name of the new batch. None where `before_paying` said that it must not be made any more.

        CallFailed with `billed` where nobody knows whether it was made.
        """
        ...

    def find(self, batch: Batch, keys: AbstractSet[str], known: AbstractSet[str]) -> str | None:
        """The server's name of a batch of which nobody knows whether it was made; None where it was not.

        keys : of its questions. known : names of batches that are others. CallFailed where that cannot be told yet.
        """
        ...

    def look(self, remote: str) -> Look:
        """How far a batch has come. CallFailed with status 404 where there is none any more."""
        ...

    def answers(self, remote: str, n: int) -> Iterator[Answer]:
        """What a batch of n questions brought, in any order, as far as the server says."""
        ...

    def discard(self, remote: str) -> None:
        """Let the server delete what was sent and what came back."""
        ...


def safe_id(reply: Mapping[str, Any], name: str = "id") -> str:
    """An id that may stand in a path. CallFailed where there is none: a server could name any path."""
    found = reply.get(name)
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise CallFailed("the judge's server names a batch or a file by no id", billed=True)
    return found


def _listed(page: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The batches on a page, as far as they are objects with an id."""
    data = page.get("data")
    for item in data if isinstance(data, list) else ():
        if isinstance(item, dict) and isinstance(item.get("id"), str) and _ID.fullmatch(item["id"]):
            yield item


def listed_since(
    page_of: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    after: str,
    made: Callable[[Any], float | None],
    since: float,
) -> Iterator[dict[str, Any]]:
    """The batches that a server lists, newest first, as far back as the page that reaches `since` (seconds since 1970).

    page_of : one page, by its query. after : what the query calls the id behind which a page begins. made : when a batch was
    made, by its `created_at`. CallFailed where they are too many.
    """
    query: dict[str, Any] = {}
    for _ in range(PAGES):
        page = page_of(query)
        items = list(_listed(page))
        yield from items
        created = made(items[-1].get("created_at")) if items else None
        if not page.get("has_more") or created is None or created < since:
            return
        query = {after: items[-1]["id"]}
    raise CallFailed("the judge's server lists too many batches to find ours")


def as_failure(problem: str) -> CallFailed:
    """A request that a server did not come to, and does not charge for."""
    return CallFailed(problem, again=True)


def lines_of(n: int) -> int:
    """Lines of a file of results that are read, at most: one for each of n questions, and some that mean nothing."""
    return 2 * n + 100
