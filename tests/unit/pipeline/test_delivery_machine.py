"""Nothing of P2 or P3 arrives twice and nothing of P0 or P1 is lost, whatever is killed when and whatever folds come again."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from obs_lib.lake.tables import OPERATIONS
from obs_lib.pipeline.deliver import Courier, Ways
from obs_lib.pipeline.deliveries import AT_ONCE, SHORT, DeliveryLog
from obs_lib.records import Day, Message, Outcome, Severity
from obs_lib.settings.settings import Settings
from tests.unit.pipeline.test_deliver import INCIDENT, NOW

DAYS = [INCIDENT.day, INCIDENT.day - dt.timedelta(days=1)]
NAMES = [letter * 32 for letter in "abc"]
ROUTES = {"all": ("first", "second"), "urgent": ("pager",), "daily": ("mail",)}
OPTIONS = Settings.model_validate(
    {
        "delivery": {
            "channels": {
                name: {"kind": "notifier", "notifier": "a:b"} for channels in ROUTES.values() for name in channels
            },
            "routes": [
                {"channels": ROUTES["all"]},
                {"channels": ROUTES["urgent"], "severities": ["P0", "P1"]},
                {"channels": ROUTES["daily"], "digest": True},
            ],
        }
    }
)
Mood = Literal["takes", "refuses", "takes and is silent", "loses"]


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Operations:
    """The one table that a delivery log needs. kill : after how many steps the process dies; a row is written or it is not."""

    files: Path = Path("/nowhere")
    rows: list[dict[str, Any]] = field(default_factory=list)
    kill: int | None = None

    def read(self, table: object, *_: object, **__: object) -> pd.DataFrame:
        assert table is OPERATIONS
        return pd.DataFrame(self.rows, columns=["at", "kind", "subject", "outcome", "detail"])

    def log(self, kind: str, subject: str, outcome: str, detail: str = "") -> None:
        self.step()
        at = pd.Timestamp(dt.datetime.now(dt.UTC))
        self.rows.append({"at": at, "kind": kind, "subject": subject, "outcome": outcome, "detail": detail})
        self.step()

    def step(self) -> None:
        if self.kill is not None:
            self.kill -= 1
            if self.kill < 0:
                raise Killed


@dataclass
class Receiver:
    """A channel in some mood. taken : (day, name, severity) of all that arrived, in order."""

    name: str
    mood: Mood = "takes"
    keeps_standing: bool = False
    taken: list[tuple[Day, str, Severity]] = field(default_factory=list)

    def send(self, message: Message) -> Outcome:
        if self.mood.startswith("takes"):
            self.taken += [(one.day, one.fingerprint[:SHORT], one.severity) for one in message.notices]
        known = {"takes": Outcome("SENT"), "refuses": Outcome("FAILED", "no")}
        return known.get(self.mood, Outcome("UNKNOWN", "silent"))


class Machine(RuleBasedStateMachine):
    """Folds find incidents more or less severe, or not at all; channels have moods; processes die."""

    def __init__(self) -> None:
        super().__init__()
        self.lake = Operations()
        self.receivers = {name: Receiver(name) for channels in ROUTES.values() for name in channels}
        self.found: dict[tuple[Day, str], Severity] = {}

    @rule(day=st.sampled_from(DAYS), name=st.sampled_from(NAMES), severity=st.sampled_from([*Severity, None]))
    def finds(self, day: Day, name: str, severity: Severity | None) -> None:
        self.found.pop((day, name), None)
        if severity is not None:
            self.found[day, name] = severity

    @rule(
        name=st.sampled_from([name for channels in ROUTES.values() for name in channels]),
        mood=st.sampled_from(["takes", "refuses", "takes and is silent", "loses"]),
    )
    def changes_its_mood(self, name: str, mood: Mood) -> None:
        self.receivers[name].mood = mood

    @rule(days=st.permutations(DAYS), kill=st.none() | st.integers(0, 30))
    def folds(self, days: list[Day], kill: int | None) -> None:
        before = {name: len(one.taken) for name, one in self.receivers.items()}
        known = self._known()
        self.lake.kill = kill
        try:
            self._fold(days)
        except Killed:
            pass
        finally:
            self.lake.kill = None
        for name, receiver in self.receivers.items():
            for day, incident, severity in receiver.taken[before[name] :]:
                assert severity < known.get((name, day, incident), "P9"), "what has surely arrived comes again"
        self._nothing_that_can_wait_came_twice()

    def teardown(self) -> None:
        """All channels recover, and nobody dies any more."""
        for receiver in self.receivers.values():
            receiver.mood = "takes"
        self._fold(DAYS)
        self._nothing_that_can_wait_came_twice()
        for (day, name), severity in self.found.items():
            for route, channels in ROUTES.items():
                if route != "urgent" or severity in AT_ONCE:
                    self._told_or_maybe(day, name[:SHORT], severity, channels)

    def _fold(self, days: list[Day]) -> None:
        ws: Any = SimpleNamespace(lake=self.lake, settings=OPTIONS, connections=None)
        courier = Courier(
            ws, DeliveryLog(ws, min(DAYS)), Ways(own={"notifier": lambda name, *_: self.receivers[name]}), NOW
        )
        for day in days:
            found = {name: severity for (of, name), severity in self.found.items() if of == day}
            courier.tell(
                day, [replace(INCIDENT, day=day, fingerprint=name, severity=found[name]) for name in sorted(found)]
            )

    def _known(self) -> dict[tuple[str, Day, str], str]:
        """The worst severity of which the log says that a channel has taken it."""
        ws: Any = SimpleNamespace(lake=self.lake)
        worst: dict[tuple[str, Day, str], str] = {}
        for one in DeliveryLog(ws, min(DAYS)).deliveries():
            if one.outcome == "SENT":
                key = (one.channel, one.update.day, one.update.name)
                worst[key] = min(worst.get(key, "P9"), one.update.severity)
        return worst

    def _nothing_that_can_wait_came_twice(self) -> None:
        for channels in ROUTES.values():
            told: dict[tuple[Day, str], list[Severity]] = defaultdict(list)
            for name in channels:
                for day, incident, severity in self.receivers[name].taken:
                    told[day, incident].append(severity)
            for severities in told.values():
                assert all(severities.count(one) == 1 for one in severities if one not in AT_ONCE)

    def _told_or_maybe(self, day: Day, name: str, severity: Severity, channels: tuple[str, ...]) -> None:
        taken = [one for channel in channels for one in self.receivers[channel].taken if one[:2] == (day, name)]
        arrived = any(one[2] <= severity for one in taken)
        if severity in AT_ONCE:
            assert arrived, "a message that cannot wait is lost"
            return
        subject = [row for row in self.lake.rows if row["subject"].split(" ")[1] in channels and name in row["subject"]]
        claims, failures = (sum(row["outcome"] == what for row in subject) for what in ("CLAIMED", "FAILED"))
        assert arrived or claims > failures, "all have refused, and nobody was asked again"


Machine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestMachine = Machine.TestCase
