"""What of a day's rows the lake may take in: nobody who was erased, and no personal data where the settings say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from obs_lib.lake.rows import Rows
from obs_lib.lake.table import Table
from obs_lib.lake.tables import QUARANTINE
from obs_lib.pipeline.erasures import Erasures, without_erased
from obs_lib.redaction.columns import redact_stored
from obs_lib.redaction.redactor import Redactor
from obs_lib.sources.spool import Masking


@dataclass(frozen=True)
class IngestFilter:
    """Takes out the rows of erased people, and masks texts where the settings ask for it before anything touches the disk."""

    erased: Erasures
    redactor: Redactor

    @property
    def masking(self) -> Masking | None:
        """What masks rows before they are written down on their way to the lake; None where they are stored as logged."""
        return None if self.redactor.stored_rules is None else self

    def rows(self, table: Table, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows with their texts masked. Rejects of the erased go first: masked, they do not tell whose they are."""
        frame = _frame(batch)
        if table is QUARANTINE:
            frame = without_erased(table, frame, self.erased)
        kept = redact_stored(table, frame, self.redactor)
        return pa.RecordBatch.from_pandas(kept, schema=batch.schema, preserve_index=False)

    def excerpts(self, starts: list[str]) -> list[str]:
        """Starts of entries with their texts masked, empty for those of the erased."""
        theirs = ["" if self.erased and self.erased.mentioned(start) else start for start in starts]
        frame = redact_stored(QUARANTINE, pd.DataFrame({"excerpt": theirs}, dtype=object), self.redactor)
        return list(frame["excerpt"])

    def admitted(self, read: Mapping[Table, Rows]) -> dict[Table, Rows]:
        """What may be stored of the rows that were read by way of `masking`; the same rows where nobody was erased."""
        if not self.erased:
            return dict(read)
        return {table: self._admitted(table, rows) for table, rows in read.items()}

    def _admitted(self, table: Table, read: Rows) -> Rows:
        """Counted first and taken a batch at a time, when it is asked for: a day may be larger than memory."""

        def left() -> Iterator[pa.RecordBatch]:
            for frame in self._not_erased(table, read):
                yield pa.RecordBatch.from_pandas(frame, schema=read.schema, preserve_index=False)

        return Rows(read.schema, sum(len(frame) for frame in self._not_erased(table, read)), left)

    def _not_erased(self, table: Table, read: Rows) -> Iterator[pd.DataFrame]:
        for batch in read.batches():
            yield without_erased(table, _frame(batch), self.erased)


def _frame(batch: pa.RecordBatch) -> pd.DataFrame:
    """The rows with counts that stay whole numbers where some are missing."""
    nullable = {pa.int64(): pd.Int64Dtype()}
    frame: pd.DataFrame = batch.to_pandas(types_mapper=nullable.get)
    return frame
