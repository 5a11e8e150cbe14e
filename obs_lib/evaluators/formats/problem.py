"""Why an answer is not in its format, and where."""

from __future__ import annotations


class NotCompliant(ValueError):
    """Internal: becomes a score of 0 with this as evidence.

    Parameters
    ----------
    reason : what is wrong, one clause.
    line, column : place in the answer, from 1; None where the whole answer is meant.
    path : place in the value, such as `items/0/price`; None where it has none.
    """

    def __init__(
        self, reason: str, *, line: int | None = None, column: int | None = None, path: str | None = None
    ) -> None:
        self.reason, self.line, self.column, self.path = reason, line, column, path
        super().__init__(f"{self.place}: {reason}" if self.place else reason)

    @property
    def place(self) -> str:
        """The place in words; empty where there is none."""
        if self.path is not None:
            return self.path
        if self.line is None:
            return ""
        return f"line {self.line}" if self.column is None else f"line {self.line}, column {self.column}"

    def below(self, lines: int) -> NotCompliant:
        """The same problem of a text that starts so many lines further down in the answer."""
        line = None if self.line is None else self.line + lines
        return NotCompliant(self.reason, line=line, column=self.column, path=self.path)
