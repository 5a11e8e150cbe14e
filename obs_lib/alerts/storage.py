"""Incidents as rows of the table `alerts`, and back."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from obs_lib.lake.tables import ALERTS
from obs_lib.records import Incident


def to_frame(incidents: Sequence[Incident]) -> pd.DataFrame:
    """Return incidents as rows of the table, without `day`."""
    names = [name for name in ALERTS.schema.names if name != "day"]
    return pd.DataFrame([incident.to_row() for incident in incidents], columns=names)


def from_frame(frame: pd.DataFrame) -> list[Incident]:
    """Return the incidents of rows of the table, with `day`."""
    return [Incident.from_row({str(key): value for key, value in row.items()}) for row in frame.to_dict("records")]
