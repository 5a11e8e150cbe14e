"""JSON documents in a text: one over many lines, an array, several one after another, a page of an API's answer."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator

_BETWEEN = " \t\r\n,\x1e"
_PAGE = re.compile(
    r'\{\s*"(?:data|meta|object|records|runs|traces|items|results|next_cursor|cursors|total|page|has_more|first_id)"\s*:'
)
_LISTS = ("data", "records", "runs", "traces", "items", "results")
_PAGED = re.compile(
    r"(?:meta|object|cursors?|next_?cursor|total\w*|page\w*|limit|offset|has_?more|(?:first|last)_?id|links?|next|prev\w*|count|"
    r"errors?|success|parsed_query|search_cursors|next_page_token|status|totalItems|totalPages|size|skip)\Z",
    re.IGNORECASE,
)
_FIRST_NAME = re.compile(r'\{\s*("(?:[^"\\]|\\.)*")\s*:')
CLOSED_EARLY = "(the array ends here, without its closing bracket)"
"""What stands for the unknown rest of an array that somebody cut between two items."""

_DECODER = json.JSONDecoder()


def is_page(head: str) -> bool:
    """Whether a text may begin an API's page, whose items stand in a list inside it."""
    return bool(_PAGE.match(head))


def is_whole(line: bytes) -> bool:
    """Whether the line is a JSON value by itself."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def documents(text: str, inside: bool = True) -> Iterator[str]:
    """The items of arrays and pages, and every other document, as their own text.

    What cannot be told apart is given as it stands: of an array, up to where the next item begins.
    inside : whether pages and arrays that are items of an array, as they are put together, are taken apart as well.

    >>> list(documents('[{"a": 1}, 2] {"data": [{"b": 3}], "meta": {}} {"c": '))
    ['{"a": 1}', '2', '{"b": 3}', '{"c": ']
    """
    at = _next(text, 0)
    while at < len(text):
        if text[at] == "[":
            at = yield from _opened(_items(text, at + 1)) if inside else _items(text, at + 1)
        elif (listed := _list_of_page(text, at)) is not None:
            begin, end = listed
            at = yield from _items(text, begin)
            if end is None and at < len(text):
                end = _end_of_page(text, at)
                if end is None:  # damaged after its list too, which is told; others may follow
                    end = min(_line_after(text, at), _page_after(text, at))
                    yield text[at:end]
            at = at if end is None else end
        else:
            end = _end(text, at) or _line_after(text, at)  # damaged: the next document begins a line
            yield text[at:end]
            at = end
        at = _next(text, at)


def _opened(items: Generator[str, None, int]) -> Generator[str, None, int]:
    """The items, and those of the pages and arrays among them; returns what `items` does."""
    while True:
        try:
            item = next(items)
        except StopIteration as end:
            return int(end.value)
        if item[:1] == "[" or is_page(item):
            yield from documents(item, inside=False)
        else:
            yield item


def _items(text: str, at: int) -> Generator[str, None, int]:
    """The items of an array whose bracket stands before `at`; returns where it ends."""
    indent = None
    while True:
        at = _next(text, at)
        if at >= len(text):
            yield CLOSED_EARLY
            return at
        if text[at] == "]":
            return at + 1
        if indent is None:
            line = text.rfind("\n", 0, at)
            indent = text[line:at] if line >= 0 and not text[line:at].strip() else ""
        end = _end(text, at)
        if (
            end is None
        ):  # damaged: the next item is where a line begins like this one did, or else where its name comes again
            following = text.find(indent + text[at], at + 1) if indent else _like(text, at)
            if following < 0:
                yield text[at:]
                return len(text)
            yield text[at:following].rstrip(_BETWEEN)
            at = following
            continue
        yield text[at:end]
        at = end


def _list_of_page(text: str, at: int) -> tuple[int, int | None] | None:
    """Where the list of a page begins, after its bracket, and where the page ends, None for a damaged one.

    None where this is no page.
    """
    if not _PAGE.match(text, at):
        return None
    end = _end(text, at)
    body = json.loads(text[at:end]) if end is not None else _head_of_page(text, at)
    name = next((name for name in _LISTS if isinstance(body.get(name), list)), None) if isinstance(body, dict) else None
    if name is None or not all(key == name or _PAGED.match(key) for key in body):
        return None
    begin = text.find("[", re.compile(rf'"{name}"\s*:\s*').search(text, at).end())  # type: ignore[union-attr]
    return begin + 1, end


def _end_of_page(text: str, at: int) -> int | None:
    """Where a page ends whose list, in which an item was damaged, ends before `at`."""
    begun = '{"":0'
    end = _end(begun + text[at:], 0)
    return None if end is None else at + end - len(begun)


def _head_of_page(text: str, at: int) -> dict[str, object]:
    """A page that breaks off inside its list."""
    begun = re.compile(r'\{\s*"(data|records|runs|traces|items|results)"\s*:\s*\[').match(text, at)
    return {begun[1]: []} if begun else {}


def _like(text: str, at: int) -> int:
    """Where the next object begins whose first name is that of the one at `at`; -1 where none does.

    Inside a text of JSON a quote is escaped, so that no such object stands in one.
    """
    head = _FIRST_NAME.match(text, at)
    if head is None:
        return -1
    following = re.compile(rf"(?<=[,\s\[}}])\{{\s*{re.escape(head[1])}\s*:").search(text, head.end())
    return -1 if following is None else following.start()


def _end(text: str, at: int) -> int | None:
    try:
        return _DECODER.raw_decode(text, at)[1]
    except (ValueError, RecursionError):
        return None


def _line_after(text: str, at: int) -> int:
    """Where the next line begins with a brace, else the end."""
    following = text.find("\n{", at + 1)
    return following if following >= 0 else len(text)


def _page_after(text: str, at: int) -> int:
    """Where the next page begins, else the end."""
    following = _PAGE.search(text, at)
    return len(text) if following is None else following.start()


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BETWEEN:
        at += 1
    return at
