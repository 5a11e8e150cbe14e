"""Text columns as codes: rows repeat themselves, and numbers are quicker to group, filter and compare than texts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Texts:
    """A column of texts. `distinct` are the different ones, `codes` says which each row holds (-1 for none)."""

    def __init__(self, column: pd.Series) -> None:
        codes, distinct = column.factorize()
        self.codes: NDArray[np.int64] = codes.astype(np.int64)
        self.distinct: list[str] = [str(text) for text in distinct]

    def counts(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """How often each distinct text stands in these rows."""
        codes = self.codes[rows]
        return np.bincount(codes[codes >= 0], minlength=len(self.distinct))

    def at(self, row: int) -> str | None:
        """The row's text."""
        code = int(self.codes[row])
        return None if code < 0 else self.distinct[code]
