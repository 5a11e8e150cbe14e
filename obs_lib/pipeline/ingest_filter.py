"""What of a day's rows the lake may take in: nobody who was erased, and no personal data where the settings say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from obs_lib.lake.rows import Rows
from obs_lib.lake.table import Table
from obs_lib.pipeline.erasures import Erasures, without_erased
from obs_lib.redaction.columns import redact_stored
from obs_lib.redaction.redactor import Redactor


@dataclass(frozen=True)
class IngestFilter:
    """Takes out the rows of erased people, and masks texts where the settings ask for it before anything is stored."""

    erased: Erasures
    redactor: Redactor

    def admitted(self, read: Mapping[Table, Rows]) -> dict[Table, Rows]:
        """What may be stored of the rows that were read; the same rows where there is nothing to do."""
        if not self.erased and self.redactor.stored_rules is None:
            return dict(read)
        return {table: self._admitted(table, rows) for table, rows in read.items()}

    def _admitted(self, table: Table, read: Rows) -> Rows:
        """Counted first and masked a batch at a time, when it is asked for: a day may be larger than memory."""

        def masked() -> Iterator[pa.RecordBatch]:
            for frame in self._not_erased(table, read):
                kept = redact_stored(table, frame, self.redactor)
                yield pa.RecordBatch.from_pandas(kept, schema=read.schema, preserve_index=False)

        return Rows(read.schema, sum(len(frame) for frame in self._not_erased(table, read)), masked)

    def _not_erased(self, table: Table, read: Rows) -> Iterator[pd.DataFrame]:
        nullable = {pa.int64(): pd.Int64Dtype()}
        for batch in read.batches():
            yield without_erased(table, batch.to_pandas(types_mapper=nullable.get), self.erased)
