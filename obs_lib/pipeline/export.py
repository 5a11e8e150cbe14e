"""Send scores and numbers to the receivers that `exports` names. One that takes nothing stops no other, and no night.

Scores go by the day: a day whose logs or scores have changed since it was sent is stale, and sent again as a whole; what it was
sent from stands in `days`, as a step for each receiver. Numbers are those of the newest night, and are shown each time anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from obs_lib.digests import digest_of
from obs_lib.errors import ConfigError, DayNotReady, ExportError, LakeDamaged, LakeError, ObsError
from obs_lib.exports.options import ExportOptions
from obs_lib.exports.receiver import Sent, number_receiver, score_receiver
from obs_lib.exports.registry import KINDS
from obs_lib.pipeline.exported import numbers_of, scores_of
from obs_lib.pipeline.fold import History, history
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day
from obs_lib.redaction.secrets import mask_secrets

STEP = "export_"
"""How the steps of `days` begin that say what was sent to whom; the receiver's name follows."""

LOG = "export"
"""The kind of their rows in `operations`."""

_REFUSALS = 3
"""Days that a receiver refuses before it is left alone: one that it never takes must not hold back the others."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of one day and one receiver.

    n, left_out : see `Sent`. detail : why it failed; empty where it did not. away : whether no other day would fare better.
    """

    to: str
    day: Day
    outcome: Literal["SENT", "FAILED"]
    n: int = 0
    left_out: int = 0
    detail: str = ""
    away: bool = False


def export(ws: Workspace, tell: Tell = lambda _: None) -> list[Exported]:
    """Send to each receiver what it does not have yet; nothing without a word of `exports` in the settings.

    The newest day first. Of days older than its `max_age_days` nothing is sent. A receiver that is away, or lets nobody in, is
    left alone until the next time, as is one that refuses three days.
    """
    done: list[Exported] = []
    past = history(ws) if ws.settings.exports else History({})
    for name, options in ws.settings.exports.items():
        for day in _due(ws, past, name, options):
            tell(f"export {name} {day}")
            done.append(_export_day(ws, past, day, name, options))
            failed = [one for one in done if one.to == name and one.outcome == "FAILED"]
            if done[-1].away or len(failed) >= _REFUSALS:
                break
    return done


def export_day(ws: Workspace, day: Day, to: str | None = None) -> list[Exported]:
    """Send a day, whether or not it was sent before: to one receiver, by default to all that take scores or whose newest it is.

    ConfigError for a receiver that the settings do not name, or where the lake has nothing of the day.
    """
    known = ws.settings.exports
    if not known or (to is not None and to not in known):
        rule = f"one of {', '.join(known)}" if known else "a receiver in `exports`"
        raise ConfigError("there is no such receiver", rule=rule, found=to, where="exports")
    past = history(ws)
    if past.summary(day) is None:
        raise ConfigError("the day has no summary yet", found=str(day), fix=f"run `obs run {day}`")
    chosen = {to: known[to]} if to else {name: one for name, one in known.items() if _fits(past, day, one)}
    return [_export_day(ws, past, day, name, options) for name, options in chosen.items()]


def exported_text(done: list[Exported]) -> str:
    """What was sent, in one line.

    >>> exported_text([Exported("traces", dt.date(2024, 3, day), "SENT", 90, left_out=3) for day in (1, 2)])
    'exported: traces 2 day(s), 180 sent, 6 left out'
    """
    said = []
    for name in dict.fromkeys(one.to for one in done if one.outcome == "SENT"):
        sent = [one for one in done if one.to == name and one.outcome == "SENT"]
        left_out = sum(one.left_out for one in sent)
        n = f"{sum(one.n for one in sent):,} sent" + (f", {left_out:,} left out" if left_out else "")
        said.append(f"{name} {len(sent)} day(s), {n}")
    return f"exported: {'; '.join(said) or 'nothing'}"


def failed_text(done: list[Exported]) -> Iterator[str]:
    """A line for each that failed."""
    for one in done:
        if one.outcome == "FAILED":
            yield f"export to {one.to} of {one.day} failed: {one.detail}"


def _due(ws: Workspace, past: History, name: str, options: ExportOptions) -> list[Day]:
    """The days to send, newest first."""
    days = _summarised(past)
    if not days:
        return []
    if KINDS[options.kind].takes == "numbers":
        return days[-1:]
    first = days[-1] - dt.timedelta(days=options.max_age_days)
    sent = {day: record.inputs for (day, step), record in past.steps.items() if step == STEP + name}
    return [
        day
        for day in reversed(days)
        if day >= first and not past.closed(day) and past.digests(day, "ingest") and past.digests(day, "collect")
        if sent.get(day) != _inputs(ws, past, day, options)
    ]


def _fits(past: History, day: Day, options: ExportOptions) -> bool:
    return KINDS[options.kind].takes == "scores" or day == _summarised(past)[-1]


def _summarised(past: History) -> list[Day]:
    """The days that have numbers, oldest first."""
    return [day for day in past.days if past.summary(day) is not None]


def _inputs(ws: Workspace, past: History, day: Day, options: ExportOptions) -> str:
    """Name of all that decides what is sent of a day, and to where."""
    masks = ws.settings_digest("redaction") if options.explanations else ""
    to = [options.kind, options.connection, options.explanations, masks]
    return digest_of(LOG, to, past.digests(day, "ingest"), past.digests(day, "collect"))


def _export_day(ws: Workspace, past: History, day: Day, name: str, options: ExportOptions) -> Exported:
    try:
        sent = _send(ws, day, name, options)
        if KINDS[options.kind].takes == "scores" and not _unchanged(ws, past, day):
            raise DayNotReady(f"{day} was written anew while it was sent", where=ws.lake.root)
    except (ObsError, OSError) as error:
        if isinstance(error, LakeDamaged):
            ws.lake.lose(error)
        detail = mask_secrets(str(error))
        ws.lake.log(LOG, f"{day} {name}", "FAILED", detail)
        return Exported(name, day, "FAILED", detail=detail, away=not isinstance(error, (ExportError, LakeError)))
    if KINDS[options.kind].takes == "scores":
        note = f"{sent.n} sent, {sent.left_out} left out"
        ws.lake.commit(day, STEP + name, {}, inputs=_inputs(ws, past, day, options), note=note)
        ws.lake.log(LOG, f"{day} {name}", "SENT", note)
    return Exported(name, day, "SENT", sent.n, sent.left_out)


def _unchanged(ws: Workspace, past: History, day: Day) -> bool:
    """Whether the day still is what it was when the work was planned, and was so while it was read."""
    now = {record.step: record for record in ws.lake.records([day])}
    return all(
        step in now and now[step].readable and dict(now[step].digests) == past.digests(day, step)
        for step in ("ingest", "collect")
    )


def _send(ws: Workspace, day: Day, name: str, options: ExportOptions) -> Sent:
    if KINDS[options.kind].takes == "numbers":
        return number_receiver(name, options, ws.connections).show(numbers_of(ws, day))
    receiver = score_receiver(name, options, ws.connections)
    return receiver.send(scores_of(ws, day, explanations=options.explanations))
