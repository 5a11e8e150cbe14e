"""Fenced code blocks of Markdown, by the rules of CommonMark 0.31, section 4.5, in one pass over the lines."""

from __future__ import annotations

import re
from typing import NamedTuple

from obs_lib.evaluators.formats.problem import NotCompliant

_OPENING = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*(.*)")
_ALIASES = {"py": "python", "python3": "python", "js": "javascript", "ts": "typescript", "sh": "bash", "shell": "bash"}
_ALIASES |= {"yml": "yaml", "md": "markdown", "jsonc": "json", "postgresql": "sql", "mysql": "sql"}


class Fence(NamedTuple):
    """A block: its opening and closing line (from 1; closing None where it never ends), language, and what is inside."""

    opening: int
    closing: int | None
    language: str
    inside: str


def fences(text: str) -> list[Fence]:
    r"""Every fenced block in order.

    >>> fences("So:\n```py\nx = 1\n```")
    [Fence(opening=2, closing=4, language='python', inside='x = 1')]
    """
    listed: list[Fence] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        opened = _OPENING.fullmatch(lines[at].rstrip())
        # The rest of a line that opens with backticks holds none: it would be code within a line.
        if opened is None or ("`" in opened[2] and opened[1][0] == "`"):
            at += 1
            continue
        end = next((n for n in range(at + 1, len(lines)) if _closes(lines[n], opened[1])), None)
        inside = "\n".join(lines[at + 1 : end])
        listed.append(Fence(at + 1, None if end is None else end + 1, language(opened[2]), inside))
        at = len(lines) if end is None else end + 1
    return listed


def language(info: str) -> str:
    """The language that a fence's first line names, in its usual spelling; empty for none."""
    word = info.split()[0].lower() if info.split() else ""
    return _ALIASES.get(word, word)


def check_fence(text: str, wanted: str) -> None:
    """One fenced block and nothing else, of the wanted language where one is named."""
    listed = fences(text)
    if not listed:
        raise NotCompliant("no Markdown fence", line=1)
    first = listed[0]
    if first.closing is None:
        raise NotCompliant("the Markdown fence is never closed", line=first.opening)
    outside = text_outside(text, listed)
    if outside is not None:
        raise NotCompliant("text outside the Markdown fence", line=outside)
    if len(listed) > 1:
        raise NotCompliant("a second Markdown fence", line=listed[1].opening)
    if wanted and first.language != language(wanted):
        raise NotCompliant(f"a fence of {first.language or 'no language'}, not {language(wanted)}", line=first.opening)


def check_no_fence(text: str) -> None:
    """No fenced block anywhere."""
    listed = fences(text)
    if listed:
        raise NotCompliant("a Markdown fence", line=listed[0].opening)


def text_outside(text: str, listed: list[Fence]) -> int | None:
    """The first line that holds text outside all blocks; None where there is none."""
    lines = text.split("\n")
    at = 0
    for start, end in [*((fence.opening - 1, fence.closing or len(lines)) for fence in listed), (len(lines), 0)]:
        outside = next((n for n in range(at, start) if lines[n].strip()), None)
        if outside is not None:
            return outside + 1
        at = end
    return None


def _closes(line: str, opening: str) -> bool:
    bare = line.strip()
    indent = len(line) - len(line.lstrip(" "))
    return indent <= 3 and len(bare) >= len(opening) and bare == opening[0] * len(bare)
