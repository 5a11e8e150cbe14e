"""Who has been erased: names that cannot be read back, and the rows that bear them.

Logs are not ours, and a day may be read again at any time. So the lake remembers whom it must not take in again, as
HMAC-SHA-256 of each id under a salt drawn once a lake. The salt keeps a digest that leaves the lake (in a log, an export,
a backup of this one table without its column) from being matched against guessed addresses or against another lake. It
cannot keep out somebody who reads the whole lake: `ingest` must be able to ask whether an id is erased, and so can they.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from obs_lib.lake.lake import Lake
from obs_lib.lake.table import Table
from obs_lib.lake.tables import ERASURES, QUARANTINE, TABLES

KINDS = frozenset(kind for table in TABLES for kind in table.ids.values())
"""Of ids that can be erased: user, request, trace."""

_EXCERPT = 200  # characters; an excerpt this long is only the start of a line, and whose it is may stand in the rest
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_BARE = re.compile(r"[^\s\"',:;/|={}\[\]()<>]+")
_SAYS_WHOSE = (
    re.compile(r'"user_?id"\s*:\s*"[^"]+"', re.IGNORECASE),
    re.compile(r'"request_?id"\s*:\s*"[^"]+"', re.IGNORECASE),
)


@dataclass(frozen=True)
class Erasures:
    """The erased ids of a lake. `names` holds (salt, kind, digest), salt and digest as hex digits."""

    names: frozenset[tuple[str, str, str]] = field(default=frozenset(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.names)

    def holds(self, kind: str, name: str) -> bool:
        """Whether the id has been erased."""
        return any((salt, kind, digest(salt, name)) in self.names for salt in self._salts)

    def with_ids(self, ids: Iterable[tuple[str, str]]) -> Erasures:
        """These and the given (kind, id)."""
        salt = min(self._salts, default=secrets.token_hex(32))
        return Erasures(self.names | {(salt, kind, digest(salt, name)) for kind, name in ids})

    def mentioned(self, text: str) -> bool:
        """Whether an erased id stands in a text as a word or in quotes."""
        return any(self.holds(kind, word) for word in _words(text) for kind in KINDS)

    @property
    def _salts(self) -> set[str]:
        return {salt for salt, _, _ in self.names}


def digest(salt: str, name: str) -> str:
    """Name of an id that tells nothing of it: the first 32 hex digits of its HMAC-SHA-256."""
    return hmac.digest(bytes.fromhex(salt), name.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]


def read_erasures(lake: Lake) -> Erasures:
    """Everybody whom this lake has erased."""
    rows = lake.rows(ERASURES, None, ["salt", "kind", "digest"]).to_pylist()
    return Erasures(frozenset((row["salt"], row["kind"], row["digest"]) for row in rows))


def without_erased(table: Table, frame: pd.DataFrame, erasures: Erasures) -> pd.DataFrame:
    """The rows of a table that are not of somebody erased, index counted afresh.

    In quarantine a row goes whose texts bear an erased id. An excerpt that was cut before it says whose line it is loses its
    text, as soon as anybody is erased: nobody can tell any more that it is not theirs.
    """
    if not erasures:
        return frame
    kept = frame[~erased_rows(table, frame, erasures)].reset_index(drop=True)
    if table is QUARANTINE and "excerpt" in kept.columns:
        kept["excerpt"] = kept["excerpt"].map(_attributable, na_action="ignore").astype(frame["excerpt"].dtype)
    return kept


def columns_of(table: Table) -> tuple[str, ...]:
    """The columns that tell whose a row is: those with ids, else the texts in which one can stand."""
    # Where a row says whose it is, an id in its texts is a mention, not a row of theirs.
    return tuple(table.ids) or table.mentions


def erased_rows(table: Table, frame: pd.DataFrame, erasures: Erasures) -> np.ndarray:
    """Which rows are of somebody erased: an array of bool, one a row. frame : with `columns_of` the table, and any others."""
    erased = np.zeros(len(frame), dtype=bool)
    for column in columns_of(table):
        values = frame[column]
        kind = table.ids.get(column)
        of_erased = {
            value: erasures.mentioned(str(value)) if kind is None else erasures.holds(kind, str(value))
            for value in values.dropna().unique()
        }
        if any(of_erased.values()):
            erased |= values.map(of_erased).fillna(False).to_numpy(dtype=bool)
    return erased


def _attributable(excerpt: str) -> str | None:
    return excerpt if len(excerpt) < _EXCERPT or all(sign.search(excerpt) for sign in _SAYS_WHOSE) else None


def _words(text: str) -> Iterator[str]:
    """Everything in a text that can be an id: itself, what stands in quotes, and words with and without their full stop."""
    yield text
    for quoted in _QUOTED.findall(text):
        try:
            yield str(json.loads(quoted))
        except ValueError:
            yield quoted[1:-1]
    for word in _BARE.findall(text):
        yield word
        yield word.strip(".!?")
