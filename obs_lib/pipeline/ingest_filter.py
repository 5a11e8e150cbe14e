"""What of a day's rows the lake may take in: nobody who was erased, and no personal data where the settings say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from obs_lib.lake.rows import Rows
from obs_lib.lake.tables import Table
from obs_lib.pipeline.erasures import Erasures, without_erased
from obs_lib.redaction.columns import redact_stored
from obs_lib.redaction.redactor import Redactor


def filtered(rows: Mapping[Table, Rows], erased: Erasures, redactor: Redactor) -> dict[Table, Rows]:
    """The rows by table without those of erased people, texts redacted; the same rows where there is nothing to do."""
    if not erased and redactor.stored_rules is None:
        return dict(rows)
    return {table: _TableFilter(table, found, erased, redactor).rows() for table, found in rows.items()}


@dataclass(frozen=True)
class _TableFilter:
    """Lets the rows of one table through, a batch at a time."""

    table: Table
    found: Rows
    erased: Erasures
    redactor: Redactor

    def rows(self) -> Rows:
        count = sum(batch.num_rows for batch in self._batches(redact=False))
        return Rows(self.found.schema, count, self._batches)

    def _batches(self, redact: bool = True) -> Iterator[pa.RecordBatch]:

        nullable = {pa.int64(): pd.Int64Dtype()}
        for batch in self.found.batches():
            frame = without_erased(batch.to_pandas(types_mapper=nullable.get), self.erased)
            if redact:
                frame = redact_stored(self.table.name, frame, self.redactor)
            yield pa.RecordBatch.from_pandas(frame, schema=self.found.schema, preserve_index=False)
