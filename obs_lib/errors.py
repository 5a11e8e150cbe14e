"""Every error that obs_lib raises on purpose.

ObsError
  +-- ConfigError            obs.yaml or the environment says something that is not allowed
  |     +-- UnknownModel     a model is named that cannot be loaded from where it is said to be
  |     +-- NoHead           an evaluator has no trained head for the encoder
  |     +-- ExtensionError   somebody's evaluator or log format cannot be loaded, or is none
  +-- SourceError            logs cannot be read at all (a line that cannot be read is quarantined instead)
  +-- NoGpu                  there is no GPU to sample, or no driver that answers
  +-- NoReply                a server gave no answer over HTTP; who asked makes an error of its own of it
  +-- LakeError              the tables cannot be opened, read or replaced
  |     +-- LakeConflict     another writer holds the same day; try again
  |     +-- LakeFull         the store has no room left
  |     +-- LakeDamaged      a file of a table is damaged or gone
  |     +-- DayNotReady      a step needs a day's tables and they are not ready
  +-- EvaluatorError         an evaluator cannot do its work; becomes FAILED rows, never a stopped night
  +-- DeliveryError          a channel refused a message; recorded, never a failed night
  +-- ExportError            a receiver of scores or numbers did not take them; recorded, never a failed night

Each message answers five questions: what went wrong, which rule it breaks, what was found, where, and what to do.
Anything else that escapes from the library is a bug.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal


class ObsError(Exception):
    """Root of the tree. `exit_code` is what `obs` returns for it.

    Parameters
    ----------
    what : what went wrong, one sentence without a full stop.
    rule : what must hold instead; None where the sentence already says it.
    found : what was found, already shortened by the caller; None where nothing can be shown.
    where : file, line, key, table or day; None where there is no place.
    fix : what the reader can do; None where nothing can be advised.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        rule: str | None = None,
        found: object = None,
        where: object = None,
        fix: str | None = None,
    ) -> None:
        self.what, self.rule, self.found, self.where, self.fix = what, rule, found, where, fix
        parts = [f"{where}: {what}" if where is not None else what]
        if rule is not None:
            parts.append(f"must be {rule}")
        if found is not None:
            parts.append(f"found {found!r}")
        if fix is not None:
            parts.append(fix)
        super().__init__("; ".join(parts))


class ConfigError(ObsError):
    """A setting is missing, unknown or out of range."""

    exit_code = 2


class UnknownModel(ConfigError):
    """A configured model is neither installed, nor a folder, nor in the local Hugging Face cache."""


class NoHead(ConfigError):
    """An evaluator's trained head is not there, is none, or was trained for another encoder."""


class ExtensionError(ConfigError):
    """An evaluator or log format of an installed package or of obs.yaml cannot be loaded, or lacks what it must have."""


class SourceError(ObsError):
    """A log file, folder or server cannot be read."""

    exit_code = 3


class NoGpu(ObsError):
    """The machine has no GPU, or none that its driver can reach."""

    exit_code = 3


class NoReply(ObsError):
    """A server gave no answer over HTTP, or none that is taken.

    kind : "timeout", "unreachable" or "too large". sent : whether the server may have taken the request, and have acted on it.
    """

    exit_code = 3

    def __init__(
        self,
        what: str,
        kind: Literal["timeout", "unreachable", "too large"],
        *,
        sent: bool,
        rule: str | None = None,
        found: object = None,
        where: object = None,
    ) -> None:
        super().__init__(what, rule=rule, found=found, where=where)
        self.kind, self.sent = kind, sent


class LakeError(ObsError):
    """The tables cannot be opened, read or replaced."""

    exit_code = 4


class LakeConflict(LakeError):
    """Another writer changed the same day and table, and retries did not help."""


class LakeFull(LakeError):
    """The disk or bucket has no room; what was there before is still there."""


class LakeDamaged(LakeError):
    """A file of a table is damaged, or is not there any more.

    table, day : whose rows cannot be read; day is None for what concerns the whole table.
    """

    def __init__(
        self,
        what: str,
        *,
        table: str = "",
        day: dt.date | None = None,
        rule: str | None = None,
        found: object = None,
        where: object = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(what, rule=rule, found=found, where=where, fix=fix)
        self.table, self.day = table, day


class DayNotReady(LakeError):
    """A step was asked for a day whose inputs have not been written completely."""


class EvaluatorError(ObsError):
    """An evaluator could not score a batch."""


class DeliveryError(ObsError):
    """A notification channel did not take a message."""


class ExportError(ObsError):
    """A receiver of scores or numbers did not take them."""
