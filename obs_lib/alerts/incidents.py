"""Incidents over days: a pure function from yesterday's incidents and today's conditions to today's incidents.

condition holds, none open      -> NEW        notifies if its severity does and its beginning is news
condition holds, open           -> ONGOING    notifies only when it is worse than it ever was
no condition, known to be so    -> ONGOING    until resolve_after_days after its last day
                                -> RESOLVED   then; the day after it is gone
no figures of the day           -> ONGOING    nothing is known, so nothing is resolved
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from obs_lib.alerts.composite import score
from obs_lib.alerts.conditions import Condition, Kind
from obs_lib.alerts.options import AlertOptions
from obs_lib.lake.tables import ALERTS
from obs_lib.records import ALL, Alert, AlertState, Day

EVERY_KIND: frozenset[Kind] = frozenset({"change", "objective", "data"})


def advance(
    day: Day,
    previous: Iterable[Alert],
    conditions: Sequence[Condition],
    options: AlertOptions,
    known: Collection[Kind] = EVERY_KIND,
) -> list[Alert]:
    """Carry incidents from the last folded day before `day` to `day`, worst first.

    previous : that day's alerts, all states. conditions : what holds on `day`, before causes are merged.
    known : the kinds of which today's conditions are all there are; of a day without a summary `data` alone. Incidents of
    the other kinds stay as they are.
    """
    still_open = {alert.fingerprint: alert for alert in previous if alert.state is not AlertState.RESOLVED}
    holding = {condition.fingerprint: condition for condition in one_cause(conditions, still_open.values(), options)}
    alerts = [_hold(day, condition, still_open.get(name), options) for name, condition in holding.items()] + [
        _quiet(day, alert, alert.kind in known, options) for name, alert in still_open.items() if name not in holding
    ]
    return sorted(
        alerts, key=lambda alert: (alert.severity, -alert.score, alert.kind, alert.segment, alert.fingerprint)
    )


def one_cause(conditions: Sequence[Condition], still_open: Iterable[Alert], options: AlertOptions) -> list[Condition]:
    """Leave one change condition for one cause.

    The whole day (`all`) moves with its segments. If it has an incident already, or several segments begin to change
    on one day, the cause lies above them: segments that show nothing of their own are dropped. If a single segment
    begins, or all that changed have incidents already, they explain the whole, and `all` is dropped. A segment with an
    incident of its own keeps it, so that incidents do not change their name while they last. One condition explains
    another if it is as severe and what the other shows beyond its families would not even be P2.
    """
    opened = {alert.segment for alert in still_open if alert.kind == "change"}
    changes = {condition.segment: condition for condition in conditions if condition.kind == "change"}
    whole = changes.pop(ALL, None)
    if whole is None or not changes:
        return list(conditions)
    beginning = {segment for segment in changes if segment not in opened}
    if ALL in opened or len(beginning) > 1:
        dropped = {segment for segment in beginning if _explains([whole], changes[segment], options)}
    else:
        dropped = {ALL} if _explains(changes.values(), whole, options) else set()
    return [condition for condition in conditions if condition.kind != "change" or condition.segment not in dropped]


def _explains(causes: Collection[Condition], condition: Condition, options: AlertOptions) -> bool:
    families = frozenset[str]().union(*(cause.families for cause in causes))
    rest = [signal for signal in condition.evidence if signal.family not in families]
    as_severe = min(cause.severity for cause in causes) <= condition.severity
    return as_severe and score(rest, options) < options.p2_score


def to_frame(alerts: Sequence[Alert]) -> pd.DataFrame:
    """Return alerts as rows of the `alerts` table, without `day`."""
    return pd.DataFrame([alert.to_row() for alert in alerts], columns=list(ALERTS.names))


def from_frame(frame: pd.DataFrame) -> list[Alert]:
    """Return the alerts of rows of the `alerts` table, with `day`."""
    return [Alert.from_row({str(key): value for key, value in row.items()}) for row in frame.to_dict("records")]


def _hold(day: Day, condition: Condition, before: Alert | None, options: AlertOptions) -> Alert:
    # Severities compare as text: P0 < P1. An incident keeps the worst it had, so that easing and
    # worsening again wakes nobody twice.
    severity = condition.severity if before is None else min(before.severity, condition.severity)
    worse = before is not None and severity < before.severity
    news = (before is None or worse) and condition.sudden
    return Alert(
        day=day,
        fingerprint=condition.fingerprint,
        kind=condition.kind,
        severity=severity,
        state=AlertState.NEW if before is None else AlertState.ONGOING,
        segment=condition.segment,
        title=condition.title,
        score=condition.score,
        notify=news and (condition.urgent or severity in options.notify_severities),
        first_day=day if before is None else before.first_day,
        last_day=day,
        evidence=condition.evidence,
    )


def _quiet(day: Day, alert: Alert, known: bool, options: AlertOptions) -> Alert:
    over = known and day - alert.last_day >= dt.timedelta(days=options.resolve_after_days)
    state = AlertState.RESOLVED if over else AlertState.ONGOING
    return dataclasses.replace(alert, day=day, state=state, notify=False)
