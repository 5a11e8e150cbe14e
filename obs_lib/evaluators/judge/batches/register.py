"""Which questions are in which batch, kept beside the verdicts: claimed before they are sent, so that nobody pays twice.

A batch is CLAIMED before anything is sent, and OPEN once the server's name of it is known. A process that is killed in between
leaves it CLAIMED: what became of it is asked of the server once the claim has run out. ENDED are those that were collected.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import uuid4

from obs_lib.evaluators.judge.ledger import Ledger, Limits, charge, keep_in, over, spent_in, verdict_in
from obs_lib.evaluators.judge.verdict import Verdict

CLAIM_S = 900.0
"""Seconds that one who sends a batch has for it; after that, whoever looks asks the server what became of it."""


class BatchState(StrEnum):
    """How far a batch has come."""

    CLAIMED = "CLAIMED"
    OPEN = "OPEN"
    ENDED = "ENDED"


class Batch(NamedTuple):
    """One batch. remote : the server's name of it; None while it is not known. created_at : seconds since 1970."""

    id: str
    state: BatchState
    remote: str | None
    n: int
    created_at: float
    until: float


class Failure(NamedTuple):
    """Why a question has no verdict. cost_usd : what it cost all the same. asked : whether the model was asked at all."""

    reason: str
    cost_usd: float | None = None
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """One request. key : its digest. name : the case that it is about. usd : the most that it should cost."""

    key: str
    name: str
    usd: float


@dataclass(frozen=True, slots=True)
class Register:
    """The batches of one judge. judge : its name. server : where it is asked; batches of another place are not its own."""

    ledger: Ledger
    judge: str
    server: str

    def claim(self, limits: Limits, questions: Iterable[Question]) -> tuple[Batch, frozenset[str]] | None:
        """A new batch of those questions, by their keys, that nobody has answered or asked and the budget holds; None for none.

        One that failed is asked again where its batch was made before `begin_run`.
        """
        batch = uuid4().hex
        with self.ledger.transaction() as base:
            began = self._began(base, limits.day)
            now = max(time.time(), began)  # in this run, whatever the clock of the machine that planned it shows
            calls, spent = spent_in(base, limits.judge, limits.day)
            taken: list[Question] = []
            for question in questions:
                if not self._free(base, question.key, began):
                    continue
                spent += question.usd
                if over(calls + len(taken) + 1, limits.calls) or over(spent, limits.usd):
                    break
                taken.append(question)
            if not taken:
                return None
            rows = [(self.judge, one.key, batch, one.name, limits.day, one.usd) for one in taken]
            base.executemany("INSERT OR REPLACE INTO questions VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)", rows)
            made = Batch(batch, BatchState.CLAIMED, None, len(taken), now, now + CLAIM_S)
            base.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?)",
                (batch, self.judge, self.server, limits.day, made.state, made.n, made.created_at, made.until),
            )
            charge(base, limits.judge, limits.day, len(taken), sum(one.usd for one in taken))
        return made, frozenset(one.key for one in taken)

    def _free(self, base: sqlite3.Connection, key: str, began: float) -> bool:
        if verdict_in(base, key) is not None:
            return False
        row = base.execute(
            "SELECT failure, server, created_at FROM questions JOIN batches ON batch = id "
            "WHERE questions.judge = ? AND key = ?",
            (self.judge, key),
        ).fetchone()
        if row is None or row[1] != self.server:
            return True
        return row[0] is not None and row[2] < began

    def begin_run(self, day: str) -> None:
        """Note that a run of this day begins: what failed in batches of before may be asked again, once by all processes."""
        with self.ledger.transaction() as base:
            base.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", (self.judge, day, time.time()))

    def _began(self, base: sqlite3.Connection, day: str) -> float:
        row = base.execute("SELECT began_at FROM runs WHERE judge = ? AND day = ?", (self.judge, day)).fetchone()
        return float(row[0]) if row else 0.0

    def opened(self, batch: Batch, remote: str) -> None:
        """Note the server's name of a batch that it took."""
        with self.ledger.transaction() as base:
            base.execute(
                "UPDATE batches SET state = ?, remote = ? WHERE id = ? AND state = ?",
                (BatchState.OPEN, remote, batch.id, BatchState.CLAIMED),
            )

    def renew(self, batch: Batch) -> bool:
        """Whether the claim still stands, now for `CLAIM_S` from here: asked before what costs money is sent."""
        with self.ledger.transaction() as base:
            renewed = base.execute(
                "UPDATE batches SET until = ? WHERE id = ? AND state = ?",
                (time.time() + CLAIM_S, batch.id, BatchState.CLAIMED),
            )
            return renewed.rowcount == 1

    def live(self) -> list[Batch]:
        """The batches that are not collected, oldest first."""
        with self.ledger.transaction() as base:
            rows = base.execute(
                "SELECT id, state, remote, n, created_at, until FROM batches "
                "WHERE judge = ? AND server = ? AND state != ? ORDER BY created_at, id",
                (self.judge, self.server, BatchState.ENDED),
            ).fetchall()
        return [Batch(row[0], BatchState(row[1]), *row[2:]) for row in rows]

    def remotes(self) -> frozenset[str]:
        """The server's names of all batches that are known here, whoever's they are."""
        with self.ledger.transaction() as base:
            return frozenset(row[0] for row in base.execute("SELECT remote FROM batches WHERE remote IS NOT NULL"))

    def reserved(self, batch: Batch) -> dict[str, float]:
        """The questions of a batch without an answer, and what is reserved for each in USD."""
        with self.ledger.transaction() as base:
            return dict(base.execute("SELECT key, usd FROM questions WHERE batch = ? AND failure IS NULL", (batch.id,)))

    def close(
        self,
        batch: Batch,
        verdicts: Mapping[str, Verdict],
        failures: Mapping[str, Failure],
        otherwise: Failure | None = None,
        free: AbstractSet[str] = frozenset(),
    ) -> None:
        """Keep what a batch brought, at once and once, whoever else collects it too.

        otherwise : what became of questions that are in neither; None: they are free to be asked again, as those in `free` are.
        """
        with self.ledger.transaction() as base:
            ended = base.execute(
                "UPDATE batches SET state = :ended WHERE id = :id AND state != :ended",
                {"ended": BatchState.ENDED, "id": batch.id},
            )
            if ended.rowcount == 0:
                return
            rows = base.execute(
                "SELECT key, name, day, usd FROM questions WHERE batch = ? AND failure IS NULL", (batch.id,)
            ).fetchall()
            for key, name, day, usd in rows:
                verdict, failure = verdicts.get(key), None if key in free else failures.get(key, otherwise)
                if verdict is not None:
                    keep_in(base, key, name, day, verdict)
                if verdict is not None or failure is None:
                    base.execute("DELETE FROM questions WHERE judge = ? AND key = ?", (self.judge, key))
                else:
                    base.execute(
                        "UPDATE questions SET failure = ?, cost_usd = ? WHERE judge = ? AND key = ?",
                        (failure.reason, failure.cost_usd, self.judge, key),
                    )
                told = verdict or failure
                asked = verdict is not None or (failure is not None and failure.asked)
                charge(base, self.judge, day, 0 if asked else -1, ((told and told.cost_usd) or 0.0) - usd)

    def waiting(self, keys: AbstractSet[str]) -> float | None:
        """When the youngest batch with one of these questions unanswered was made, in seconds since 1970; None for none."""
        with self.ledger.transaction() as base:
            rows = base.execute(
                "SELECT key, created_at FROM questions JOIN batches ON batch = id "
                "WHERE questions.judge = ? AND server = ? AND failure IS NULL AND state != ?",
                (self.judge, self.server, BatchState.ENDED),
            ).fetchall()
        return max((created_at for key, created_at in rows if key in keys), default=None)

    def answer(self, key: str) -> Verdict | Failure | Batch | None:
        """The verdict, why there is none, the batch that is to bring one, or None where nobody asked."""
        with self.ledger.transaction() as base:
            verdict = verdict_in(base, key)
            if verdict is not None:
                return verdict
            row = base.execute(
                "SELECT failure, cost_usd, id, state, remote, n, created_at, until FROM questions JOIN batches ON batch = id "
                "WHERE questions.judge = ? AND key = ? AND server = ?",
                (self.judge, key, self.server),
            ).fetchone()
        if row is None:
            return None
        return Failure(row[0], row[1]) if row[0] is not None else Batch(row[2], BatchState(row[3]), *row[4:])
