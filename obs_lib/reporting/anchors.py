"""Where in a page something stands, so that other parts of it can lead there."""

from __future__ import annotations

import re

from obs_lib.digests import digest_of
from obs_lib.records import ID_DIGITS, STAGE_SEGMENTS, Incident, IncidentState
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.standing import noteworthy

_ROWS = 4  # of a list for each incident that is shown unfolded
_OTHER = re.compile("[^a-z0-9]+")


def told(inputs: ReportInputs, options: ReportOptions) -> list[Incident]:
    """The incidents of which the page says everything, so that links can lead there: what holds before what recovers."""
    ranked = sorted(inputs.incidents, key=lambda one: not one.is_open or one.state is IncidentState.RECOVERING)
    return ranked[: options.max_rows]


def unfolded(inputs: ReportInputs, options: ReportOptions) -> list[Incident]:
    """Those of them whose story is open when the page is."""
    return told(inputs, options)[: max(1, options.max_rows // _ROWS)]


def incident_anchor(incident: Incident) -> str:
    """Of what the page says of an incident."""
    return anchor_of(incident.fingerprint)


def anchor_of(fingerprint: str) -> str:
    """The same by its fingerprint.

    >>> anchor_of("abcdef0123456789")
    'incident-abcdef01'
    """
    return f"incident-{_OTHER.sub('-', fingerprint[:ID_DIGITS].lower())}"


def examples_anchor(incident: Incident) -> str:
    """Of its examples."""
    return f"{incident_anchor(incident)}-examples"


def handling_anchor(incident: Incident) -> str:
    """Of what was sent of it and what people did, which no file of a page holds."""
    return f"{incident_anchor(incident)}-handling"


def segment_anchor(segment: str) -> str:
    """Of a segment's table of metrics; a digest, for segments are named by logs."""
    return f"segment-{digest_of(segment)[:8]}"


def place_of_numbers(inputs: ReportInputs, segment: str, options: ReportOptions) -> str:
    """The anchor nearest to the metrics of a segment: its table where it has one."""
    if segment in STAGE_SEGMENTS:
        return "stages"
    return segment_anchor(segment) if segment in noteworthy(inputs, options.max_segments) else "metrics"
