"""Tables of the documentation that a benchmark makes anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def written(lines: Iterable[str], page: Path | None, name: str) -> None:
    """Print lines as they come, and put them on a page between `<!-- name: begin -->` and `<!-- name: end -->`."""
    made = []
    for line in lines:
        print(line, flush=True)
        made.append(line)
    if page is not None:
        text = "\n".join(made)
        page.write_text(replaced(page.read_text(encoding="utf-8"), text, name), encoding="utf-8")


def replaced(page: str, text: str, name: str) -> str:
    """The page with other text between its marks. ValueError where it has not each of them once."""
    begin, end = (f"<!-- {name}: {what} -->" for what in ("begin", "end"))
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"the page must have {begin} and {end} once each")
    before, rest = page.split(begin)
    return f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}"
