"""What the processes of a night share about judges: verdicts, spending, pace and slots. One SQLite file beside the lake.

Every question is one transaction, so processes and threads at once neither pay twice nor overspend. A process that is
killed leaves behind a slot that frees itself and a reservation that stays: the server may have charged for it.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from obs_lib.errors import EvaluatorError
from obs_lib.evaluators.judge.verdict import Verdict

_SCHEMA = """
CREATE TABLE IF NOT EXISTS verdicts (key TEXT PRIMARY KEY, name TEXT NOT NULL, day TEXT NOT NULL, verdict TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS verdicts_by_name ON verdicts (name);
CREATE TABLE IF NOT EXISTS spent (judge TEXT, day TEXT, calls INTEGER NOT NULL, usd REAL NOT NULL, PRIMARY KEY (judge, day));
CREATE TABLE IF NOT EXISTS batches (id TEXT PRIMARY KEY, judge TEXT NOT NULL, server TEXT NOT NULL, day TEXT NOT NULL,
    state TEXT NOT NULL, remote TEXT, n INTEGER NOT NULL, created_at REAL NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS questions (judge TEXT, key TEXT, batch TEXT NOT NULL, name TEXT NOT NULL, day TEXT NOT NULL,
    usd REAL NOT NULL, failure TEXT, cost_usd REAL, PRIMARY KEY (judge, key));
CREATE INDEX IF NOT EXISTS questions_by_name ON questions (name);
CREATE TABLE IF NOT EXISTS runs (judge TEXT, day TEXT, began_at REAL NOT NULL, PRIMARY KEY (judge, day));
CREATE TABLE IF NOT EXISTS pace (lane TEXT PRIMARY KEY, free_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS slots (id INTEGER PRIMARY KEY, server TEXT NOT NULL, until REAL NOT NULL);
DROP TABLE IF EXISTS places;
"""
_BEFORE = "desk.sqlite3"  # what the file was called, and slots in it `places`; verdicts in it were paid for
_PATIENCE_S = 120.0  # for another process's transaction, which takes milliseconds
_LOOK_AGAIN_S = 0.05  # while every slot is taken
_ROUNDING = 1e-9


class BudgetSpent(EvaluatorError):
    """The day's budget does not hold another call."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one judge may do.

    judge, day : whose budget. server : what shares slots and pace (judges of one model behind one connection).
    lease_s : seconds after which a slot is free although nobody gave it back.
    """

    judge: str
    day: str
    server: str
    calls: int | None
    usd: float | None
    slots: int
    requests_per_minute: int | None
    tokens_per_minute: int | None
    lease_s: float


class Ledger:
    """The file. Making one opens nothing."""

    def __init__(self, path: Path) -> None:
        self._path, self._made = path, False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for each, so that neither threads nor forks share one."""
        if not self._made:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._take_over()
        with closing(sqlite3.connect(self._path, timeout=_PATIENCE_S, isolation_level=None)) as base:
            base.execute("PRAGMA synchronous = NORMAL")
            base.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten
            if not self._made:
                base.executescript(_SCHEMA)
                self._made = True
            base.execute("BEGIN IMMEDIATE")
            try:
                yield base
            except BaseException:
                base.execute("ROLLBACK")
                raise
            base.execute("COMMIT")

    def _take_over(self) -> None:
        """Go on with the file of before, where there is one; one at a time, since SQLite loses a file that moves under it."""
        before = self._path.with_name(_BEFORE)
        if self._path.exists() or not before.exists():
            return
        waiting = before.with_suffix(".lock")
        with waiting.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._path.exists():
                waiting.unlink(missing_ok=True)
                return
            with closing(sqlite3.connect(before, timeout=_PATIENCE_S)) as base:
                base.execute(
                    "SELECT COUNT(*) FROM verdicts"
                ).fetchone()  # finishes what a killed process left half done
            before.rename(self._path)
            waiting.unlink(missing_ok=True)

    # -- verdicts ------------------------------------------------------------------------------------------------------

    def known(self, key: str) -> Verdict | None:
        """The verdict kept under a request's digest; None for none."""
        with self.transaction() as base:
            return verdict_in(base, key)

    def keep(self, key: str, name: str, day: str, verdict: Verdict) -> None:
        """Keep a verdict. name : the case that it is about, by which it can be forgotten; day : of the logs."""
        with self.transaction() as base:
            keep_in(base, key, name, day, verdict)

    def forget(self, names: Iterable[str]) -> int:
        """Remove the verdicts on these cases, also those that a batch has yet to bring; how many there were."""
        return self._remove("name = ?", [(name,) for name in sorted(set(names))])

    def forget_before(self, day: str) -> int:
        """Remove the verdicts that were first given on an earlier day, and what was spent on such days."""
        removed = self._remove("day < ?", [(day,)])
        if removed:
            with self.transaction() as base:
                base.execute("DELETE FROM spent WHERE day < ?", (day,))
                base.execute("DELETE FROM batches WHERE day < ?", (day,))
                base.execute("DELETE FROM runs WHERE day < ?", (day,))
        return removed

    def _remove(self, where: str, values: list[tuple[str]]) -> int:
        self._take_over()
        if not values or not self._path.is_file():
            return 0
        with self.transaction() as base:
            base.executemany(f"DELETE FROM questions WHERE {where}", values)  # noqa: S608 - ours
            return base.executemany(f"DELETE FROM verdicts WHERE {where}", values).rowcount  # noqa: S608 - ours

    # -- calls ---------------------------------------------------------------------------------------------------------

    def reserve(self, limits: Limits, usd: float, tokens: int) -> int | float:
        """A slot (int) with the call reserved at `usd`, or the seconds (float) to wait before asking again.

        BudgetSpent where the day's budget does not hold it.
        """
        now = time.time()
        with self.transaction() as base:
            calls, spent = spent_in(base, limits.judge, limits.day)
            if over(calls + 1, limits.calls) or over(spent + usd, limits.usd):
                raise BudgetSpent("budget spent")
            base.execute("DELETE FROM slots WHERE until < ?", (now,))
            (taken,) = base.execute("SELECT COUNT(*) FROM slots WHERE server = ?", (limits.server,)).fetchone()
            if taken >= limits.slots:
                return _LOOK_AGAIN_S
            if (wait := self._pace(base, limits, now, tokens)) > 0:
                return wait
            charge(base, limits.judge, limits.day, 1, usd)
            slot = base.execute(
                "INSERT INTO slots (server, until) VALUES (?, ?)", (limits.server, now + limits.lease_s)
            )
            return int(slot.lastrowid or 0)

    def settle(self, limits: Limits, slot: int, difference_usd: float) -> None:
        """Give a slot back, and correct what was reserved by what the call cost."""
        with self.transaction() as base:
            base.execute("DELETE FROM slots WHERE id = ?", (slot,))
            charge(base, limits.judge, limits.day, 0, difference_usd)

    def pause(self, limits: Limits, seconds: float) -> None:
        """Let nobody ask this server for so long: it said so."""
        with self.transaction() as base:
            self._not_before(base, f"{limits.server} requests", time.time() + seconds)

    def spent(self, judge: str, day: str) -> tuple[int, float]:
        """Calls and USD of a judge for a day of logs, with what is reserved."""
        with self.transaction() as base:
            return spent_in(base, judge, day)

    def _pace(self, base: sqlite3.Connection, limits: Limits, now: float, tokens: int) -> float:
        """Seconds until both lanes are free; where they are, this call takes its stretch of each (evenly spaced)."""
        stretches = {
            f"{limits.server} requests": 60 / limits.requests_per_minute if limits.requests_per_minute else 0.0,
            f"{limits.server} tokens": 60 * tokens / limits.tokens_per_minute if limits.tokens_per_minute else 0.0,
        }
        lanes = {
            lane: base.execute("SELECT free_at FROM pace WHERE lane = ?", (lane,)).fetchone() for lane in stretches
        }
        wait = max((row[0] - now for row in lanes.values() if row), default=0.0)
        if wait > 0:
            return float(wait)
        for lane, stretch in stretches.items():
            if stretch:
                self._not_before(base, lane, now + stretch)
        return 0.0

    def _not_before(self, base: sqlite3.Connection, lane: str, moment: float) -> None:
        base.execute(
            "INSERT INTO pace VALUES (?, ?) ON CONFLICT DO UPDATE SET free_at = MAX(free_at, excluded.free_at)",
            (lane, moment),
        )


def spent_in(base: sqlite3.Connection, judge: str, day: str) -> tuple[int, float]:
    """Calls and USD of a judge for a day of logs, within a transaction."""
    row = base.execute("SELECT calls, usd FROM spent WHERE judge = ? AND day = ?", (judge, day)).fetchone()
    return (int(row[0]), float(row[1])) if row else (0, 0.0)


def charge(base: sqlite3.Connection, judge: str, day: str, calls: int, usd: float) -> None:
    """Count calls and USD, or take back what was reserved, within a transaction."""
    base.execute(
        "INSERT INTO spent VALUES (:judge, :day, MAX(0, :calls), MAX(0, :usd)) "
        "ON CONFLICT DO UPDATE SET calls = MAX(0, calls + :calls), usd = MAX(0, usd + :usd)",
        {"judge": judge, "day": day, "calls": calls, "usd": usd},
    )


def verdict_in(base: sqlite3.Connection, key: str) -> Verdict | None:
    """The verdict kept under a request's digest, within a transaction; None for none."""
    row = base.execute("SELECT verdict FROM verdicts WHERE key = ?", (key,)).fetchone()
    return Verdict(**json.loads(row[0])) if row else None


def keep_in(base: sqlite3.Connection, key: str, name: str, day: str, verdict: Verdict) -> None:
    """Keep a verdict, within a transaction; see `Ledger.keep`."""
    text = json.dumps(asdict(verdict), sort_keys=True, ensure_ascii=True)
    base.execute("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?)", (key, name, day, text))


def over(amount: float, limit: float | None) -> bool:
    """Whether an amount is more than a limit, if there is one."""
    return limit is not None and amount > limit + _ROUNDING
