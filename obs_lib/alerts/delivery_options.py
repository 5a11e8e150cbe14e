"""What can be set about who is told of an incident, and how. Read by every parse of a Dag, so nothing heavy is imported."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from obs_lib.alerts.channels.registry import KINDS, NOTIFIER
from obs_lib.extensions import TARGET
from obs_lib.options import ChangesNoResult
from obs_lib.records import Severity

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Patterns = tuple[Annotated[str, Field(min_length=1, max_length=200)], ...]
WeekDay = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[WeekDay, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SENDS = ChangesNoResult("who is told changes nothing that is told")


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"must be one of {', '.join(KINDS)}")
    return kind


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin") from error
    return name


def _clock(value: object) -> object:
    """YAML 1.1 reads 18:30 without quotes as a number to the base of 60; 08:30 it does not."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return dt.time(value // 60, value % 60)
    return value


Clock = Annotated[dt.time, BeforeValidator(_clock)]


class ChannelOptions(BaseModel):
    """One way to reach people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Annotated[str, AfterValidator(_kind)] = Field(
        description="`apprise`, `alertmanager`, `webhook`, `mail`, or `notifier` (one of Airflow's; used by the Dags alone)."
    )
    connection: str | None = Field(
        None,
        min_length=1,
        description="Name of the connection with the address and its secrets (docs/delivery.md): an Airflow connection's id, "
        "or `OBS_CONNECTION_<NAME>` in the environment.",
    )
    notifier: str | None = Field(
        None,
        description="Of `notifier`: `module:object`, a notifier or what makes one.",
    )
    report: Literal["attached", "inline", "none"] = Field(
        "attached", description="Of `mail`: how a digest carries the day's report."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind == NOTIFIER:
            if self.notifier is None or not TARGET.fullmatch(self.notifier):
                raise ValueError("notifier must be module:object")
        elif self.connection is None:
            raise ValueError(f"connection must name one, which a channel of kind {self.kind} needs")
        return self


class HoursOptions(BaseModel):
    """Hours of some days of the week. Where `to` is not after `from` they end on the next day."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    days: tuple[WeekDay, ...] = Field(WEEK, min_length=1, description="Days on which the hours begin; mon to sun.")
    begin: Clock = Field(dt.time(0), alias="from", description="Beginning, HH:MM.")
    end: Clock = Field(dt.time(0), alias="to", description="End, HH:MM; 00:00 is midnight.")
    zone: Annotated[str, AfterValidator(_zone)] = Field("UTC", description="Time zone of these hours.")

    def holds(self, moment: dt.datetime) -> bool:
        """Whether a moment, which has a time zone, lies in these hours.

        >>> night = HoursOptions(days=("sun",), begin=dt.time(18), end=dt.time(8), zone="Europe/Berlin")
        >>> [night.holds(dt.datetime(2024, 3, 4, hour, 59, tzinfo=dt.UTC)) for hour in (6, 7)]
        [True, False]
        """
        local = moment.astimezone(ZoneInfo(self.zone))
        clock, today = local.time(), WEEK[local.weekday()]
        if self.begin < self.end:
            return today in self.days and self.begin <= clock < self.end
        yesterday = WEEK[local.weekday() - 1]
        return (today in self.days and clock >= self.begin) or (yesterday in self.days and clock < self.end)


class MatchOptions(BaseModel):
    """Which incidents are meant; what is empty asks nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severities: tuple[Severity, ...] = Field((), description="P0 to P3; empty for all.")
    segments: Patterns = Field(
        (), description="Segments in which it lies, such as `route=docs` or `model_version=gpt*`; `all` is the whole."
    )
    families: Patterns = Field((), description="Families of its changes, or what leads it; `*` stands for any letters.")


class RuleOptions(MatchOptions):
    """Gives the incidents that it matches an owner, a runbook, or both. Of several rules the first that says so counts."""

    owner: str | None = Field(
        None, min_length=1, max_length=80, description="Who looks after it, in messages and pages."
    )
    runbook: str | None = Field(
        None, pattern=r"^https?://[^\s<>\"]+$", max_length=500, description="Address of what to do, http(s)."
    )


class RouteOptions(MatchOptions):
    """Sends the incidents that it matches to the first of its channels that takes them."""

    owners: Patterns = Field((), description="Owners, as the rules name them.")
    hours: tuple[HoursOptions, ...] = Field((), description="When it is used; empty for always.")
    channels: tuple[Name, ...] = Field(min_length=1, description="Channels; the next is tried where one is broken.")
    digest: bool = Field(False, description="Everything in one message a day, P0 and P1 too.")
    quiet: bool = Field(False, description="With `digest`: a message also on days with no news.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.quiet and not self.digest:
            raise ValueError("quiet needs digest: true")
        return self


class DeliveryOptions(BaseModel):
    """Who is told of incidents, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: Annotated[dict[Name, ChannelOptions], _SENDS] = Field(
        default_factory=dict, description="Ways to reach people, by names of your own."
    )
    routes: Annotated[tuple[RouteOptions, ...], _SENDS] = Field(
        (),
        description="Who gets what; every route that matches is used. What none takes goes to each URL of $OBS_NOTIFY_URLS and "
        "of the Airflow connection `obs_notify`.",
    )
    rules: tuple[RuleOptions, ...] = Field((), description="Owners and runbooks of incidents.")

    @model_validator(mode="after")
    def _channels_exist(self) -> Self:
        unknown = sorted({name for route in self.routes for name in route.channels} - self.channels.keys())
        if unknown:
            known = ", ".join(self.channels) or "none"
            raise ValueError(f"routes must name channels of delivery.channels ({known}), not {', '.join(unknown)}")
        return self
