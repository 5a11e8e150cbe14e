"""Blocks to one self-contained HTML file: no script, nothing fetched, all text escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import assert_never

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from obs_lib.reporting import charts, figures
from obs_lib.reporting.blocks import (
    Block,
    Chart,
    Document,
    Examples,
    Facts,
    Fold,
    Heading,
    Links,
    Note,
    Slot,
    TableBlock,
)
from obs_lib.reporting.cells import Beside, Figure, Stretch, Trend
from obs_lib.reporting.index import ReportedDay, entries, strip
from obs_lib.reporting.numbers import days, short_day
from obs_lib.reporting.safe import visible
from obs_lib.reporting.tone import SHAPES

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""Content security policy in every page, for browsers to enforce what escaping already ensures."""


def render(document: Document) -> str:
    """The whole page."""
    macros = vars(environment().get_template("blocks.html.j2").module)
    body = [_block(macros, block, str(at)) for at, block in enumerate(document.blocks)]
    contents = [block for block in document.blocks if isinstance(block, Heading) and block.level == 2]
    day = days(document.first, document.day)
    page = environment().get_template("report.html.j2")
    return page.render(document=document, day=day, body=body, contents=contents)


def render_index(days: Sequence[ReportedDay], title: str = "LLM night watch") -> str:
    """A page that lists days, newest first, whatever their order here."""
    listed = entries(days)
    return environment().get_template("index.html.j2").render(title=title, days=listed, strip=strip(listed))


def render_watches(names: Sequence[str]) -> str:
    """A page that leads to the list of days of each watch, in the order given; each lies one step below under its name."""
    return environment().get_template("watches.html.j2").render(names=names)


@cache
def environment() -> Environment:
    """Templates from the wheel, or from the checkout beside the package. Strict, and escaping always."""
    made = Environment(
        loader=FileSystemLoader(str(theme())),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        policy=POLICY,
        shapes=SHAPES,
        spark=figures.spark,
        bar=figures.bar,
        lane=figures.lane,
        plot=charts.plot,
        figures=figures,
        charts=charts,
        figure_kind=_figure_kind,
    )
    made.filters["short_day"] = short_day
    return made


def theme() -> Path:
    """The folder with templates and style."""
    packed = Path(str(files("obs_lib"))) / "reports_theme"
    return packed if packed.is_dir() else Path(str(files("obs_lib"))).parent / "reports"


def _block(macros: Mapping[str, Callable[..., Markup]], block: Block, at: str) -> Markup:
    """One block by its macro, already escaped. `at` makes the ids in it unique within the page."""
    match block:
        case Heading():
            return macros["heading"](block)
        case Facts():
            return macros["facts"](block)
        case Chart():
            return macros["chart"](block, at)
        case TableBlock():
            return macros["table"](block, at)
        case Examples():
            return macros["examples"](block)
        case Note():
            return macros["note"](block)
        case Links():
            return macros["links"](block)
        case Slot():
            return macros["slot"](block)
        case Fold():
            return macros["fold"](block, [_block(macros, one, f"{at}-{n}") for n, one in enumerate(block.blocks)])
        case _:
            assert_never(block)


def _figure_kind(figure: Figure) -> str:
    match figure:
        case Trend():
            return "trend"
        case Beside():
            return "beside"
        case Stretch():
            return "stretch"
        case _:
            assert_never(figure)


def _seen(value: object) -> object:
    """Last gate before the page: plain text shows its unseen characters; what a macro made is left alone."""
    return visible(value) if type(value) is str else value
