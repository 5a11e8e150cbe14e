"""From a day's tables to the finished report."""

from __future__ import annotations

from dataclasses import dataclass

from obs_lib.reporting import html, text
from obs_lib.reporting.blocks import Document
from obs_lib.reporting.content import compose
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions

_ROUNDS = 6  # halvings until every limit of ReportOptions stands at its least


@dataclass(frozen=True, slots=True)
class Report:
    """One day's report in every form. `options` are those in force after it was made to fit."""

    document: Document
    options: ReportOptions
    html: str
    text: str


def make(inputs: ReportInputs, options: ReportOptions | None = None) -> Report:
    """Compose and render; with ever fewer examples, rows and segments until the HTML holds `max_bytes`.

    The result depends on `inputs` and `options` only: the same in gives the same bytes.
    """
    options = options or ReportOptions()
    document = compose(inputs, options)
    page = html.render(document)
    for _ in range(_ROUNDS):
        if len(page.encode()) <= options.max_bytes:
            break
        options = options.tighter()
        document = compose(inputs, options)
        page = html.render(document)
    return Report(document, options, page, text.render(document))
