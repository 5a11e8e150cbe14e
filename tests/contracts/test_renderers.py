"""One battery for every renderer: each kind of block, hostile content, the same bytes each time."""

from __future__ import annotations

import datetime as dt
import re
import typing
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from obs_lib.reporting import html, text
from obs_lib.reporting.blocks import (
    Block,
    Chart,
    Document,
    Example,
    Examples,
    Fact,
    Facts,
    Fold,
    Heading,
    Link,
    Links,
    Note,
    Panel,
    Series,
    Slot,
    TableBlock,
    Verdict,
)
from obs_lib.reporting.cells import Beside, Cell, Column, RowGroup, Stretch, Trend
from obs_lib.reporting.tone import Tone

DAY = dt.date(2023, 6, 15)
OF_PAGES = {Links, Slot}  # what leads to other parts of a page, and what is filled by whoever serves it
RENDERERS: dict[str, Callable[[Document], str]] = {"html": html.render, "text": text.render}
ATTACK = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> \" onmouseover='alert(3)' "
    "{{ 7*7 }} {% endraw %} ]]> \x1b[31m \u202eabc\u2066 \ud800 \x00"
)


def blocks(word: str) -> dict[type, Block]:
    """One block of every kind, with `word` wherever text goes."""
    panel = Panel(
        word,
        (DAY - dt.timedelta(1), DAY),
        (Series(word, (1.0, None)),),
        str,
        word,
        latest=word,
        limit=1.0,
        band=(word, (0.0, 0.0), (1.0, 1.0)),
    )
    cells = (
        Cell(word, (word,), anchor="anchor"),
        Cell(word, tone=Tone.SERIOUS, mark=word),
        Cell("", figure=Trend((1.0, None, 2.0), word)),
        Cell("", figure=Beside(2.0, 0.5, 1.0, 3.0, word)),
        Cell("", figure=Stretch(1.0, 2.0, 4.0, "retrieval", ((1.0, 1.5), (2.0, 3.0)), word)),
    )
    inner = (Cell(word, level=2), *cells[1:])
    columns = (Column(word, "head"), Column(word, "number", lead=True), *3 * (Column(word, "figure"),))
    return {
        Heading: Heading(word, "anchor", lead=word),
        Facts: Facts((Fact(word, word, word, Tone.WARNING),), "headline"),
        Chart: Chart(word, (panel,), (word, word), word),
        TableBlock: TableBlock(
            word, columns, (RowGroup(word, (cells, inner)),), summary=word, folded=True, note=word, style="waterfall"
        ),
        Examples: Examples(word, word, (Example(word, word, word, word, ((word, word),), ((word, word),)),), "anchor"),
        Note: Note(word, Tone.GOOD, word),
        Links: Links(word, (Link(word, "anchor"), Link(word, "other"))),
        Slot: Slot("slot"),
        Fold: Fold(Heading(word, "inside", 3, word), (Note(word), Slot("inner")), Tone.WARNING, word),
    }


def document(word: str, *chosen: Block) -> Document:
    return Document(word, DAY, Verdict(word, Tone.CRITICAL, word, (word,), (Link(word, "anchor"),)), chosen)


@pytest.fixture(params=sorted(RENDERERS))
def render(request: pytest.FixtureRequest) -> Callable[[Document], str]:
    return RENDERERS[request.param]


def test_the_battery_knows_every_kind_of_block() -> None:
    assert set(blocks("x")) == set(typing.get_args(Block))


@pytest.mark.parametrize("kind", sorted({*typing.get_args(Block)} - OF_PAGES, key=lambda kind: kind.__name__))
def test_every_kind_of_block_is_shown(render: Callable[[Document], str], kind: type) -> None:
    without = render(document("w0rd"))
    with_it = render(document("w0rd", blocks("w0rd")[kind]))
    assert with_it.count("w0rd") > without.count("w0rd")


def test_only_pages_have_links_and_slots() -> None:
    of_pages = [blocks("w0rd")[kind] for kind in OF_PAGES]
    assert text.render(document("w", *of_pages)).strip() == text.render(document("w")).strip()
    page = html.render(document("w", *of_pages))
    assert '<a href="#anchor">w0rd</a>' in page
    assert '<div class="slot" id="slot"></div>' in page


def test_the_same_document_gives_the_same_bytes(render: Callable[[Document], str]) -> None:
    made = [render(document(ATTACK, *blocks(ATTACK).values())).encode() for _ in range(2)]
    assert made[0] == made[1]


def test_no_control_code_or_override_survives(render: Callable[[Document], str]) -> None:
    shown = render(document(ATTACK, *blocks(ATTACK).values()))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert "\\u202e" in shown


def test_templates_in_texts_are_not_run(render: Callable[[Document], str]) -> None:
    shown = render(document(ATTACK, *blocks(ATTACK).values()))
    assert "7*7" in shown
    assert not re.search(r"(?<!\d)49(?!\d)", re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", shown, flags=re.DOTALL))


class _Reader(HTMLParser):
    """Collects the tags, attributes and nesting that a browser would see."""

    void = frozenset({"meta", "br", "img", "path", "circle", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag


def test_html_has_the_same_tags_whatever_the_text() -> None:
    seen = []
    for word in ("plain", ATTACK):
        reader = _Reader()
        reader.feed(html.render(document(word, *blocks(word).values())))
        assert reader.open == []
        seen.append((reader.tags, reader.names))
    assert seen[0] == seen[1]
    assert not seen[0][0] & {"script", "iframe", "object", "embed", "form", "link", "img", "base"}
    assert not any(name.startswith("on") for name in seen[0][1])


def test_text_from_logs_cannot_pretend_to_be_a_heading() -> None:
    forged = Example("t", "0.9", "p", "fine\nVerdict\n=======\n[Quiet] Quiet night.")
    lines = text.render(document("w", Examples("e", "", (forged,)))).split("\n")
    assert "Verdict" not in lines
    assert "     | Verdict" in lines
