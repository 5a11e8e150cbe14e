"""The report of a day, section by section, as blocks."""

from __future__ import annotations

from obs_lib.reporting.alerts_section import alerts_section
from obs_lib.reporting.blocks import Document
from obs_lib.reporting.coverage_section import coverage_section
from obs_lib.reporting.drift_section import drift_section
from obs_lib.reporting.examples_section import examples_section
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.labels_section import labels_section
from obs_lib.reporting.method_section import method_section
from obs_lib.reporting.metrics_section import metrics_section
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.tools_section import tools_section
from obs_lib.reporting.traces_section import traces_section
from obs_lib.reporting.verdict import headline, verdict
from obs_lib.reporting.versions_section import versions_section

_SECTIONS = (
    alerts_section,
    metrics_section,
    labels_section,
    tools_section,
    traces_section,
    drift_section,
    versions_section,
    examples_section,
    coverage_section,
    method_section,
)


def compose(inputs: ReportInputs, options: ReportOptions) -> Document:
    """Everything that the day's report says: the verdict, the key figures, then the sections in reading order."""
    sections = [block for section in _SECTIONS for block in section(inputs, options)]
    return Document(options.title, inputs.day, verdict(inputs, options), (headline(inputs, options), *sections))
