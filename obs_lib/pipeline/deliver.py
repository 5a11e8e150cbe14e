"""Take incidents through the routes: each to the first channel of each of its routes that takes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from obs_lib.alerts.channels.apprise_urls import from_urls
from obs_lib.alerts.channels.channel import Channel, send
from obs_lib.alerts.channels.registry import Maker, make_channel
from obs_lib.alerts.delivery_options import DeliveryOptions, RouteOptions
from obs_lib.alerts.routing import responsible, takes
from obs_lib.pipeline.deliveries import AT_ONCE, DeliveryLog, Update
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Incident, Message, Outcome, Responsible, Severity
from obs_lib.reporting.notification import digest_message, incident_message

Link = Callable[[Day], str]
QUIET = "quiet"


@dataclass(frozen=True)
class Ways:
    """How people are reached from this process.

    urls : Apprise URLs for what no route takes; secrets that never leave this process. link : address of a day's report, for
    messages. own : makers of channels of kinds that the library cannot make.
    """

    urls: Sequence[str] = field(default=(), repr=False)
    link: Link | None = None
    own: Mapping[str, Maker] = field(default_factory=dict)


@dataclass
class Count:
    """What became of messages."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    unrouted: int = 0
    """Incidents that no route takes, where there is no other channel either."""
    undelivered: int = 0
    """Incidents of P0 and P1 that not all of their routes could send: they must be tried again."""

    def add(self, outcome: Outcome) -> None:
        """Count an attempt."""
        name = outcome.status.lower()
        setattr(self, name, getattr(self, name) + 1)

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


class Courier:
    """Sends, under a log that remembers. count : what became of all that it sent."""

    def __init__(self, ws: Workspace, log: DeliveryLog, ways: Ways, now: dt.datetime) -> None:
        self.count = Count()
        self._ws, self._log, self._ways, self._now = ws, log, ways, now
        self._options: DeliveryOptions = ws.settings.delivery
        timeout_s = ws.settings.alerts.timeout_s
        made = [make_channel(*one, ws.connections, timeout_s, ways.own) for one in self._options.channels.items()]
        others = from_urls(ways.urls, timeout_s)
        self._channels: dict[str, Channel] = {channel.name: channel for channel in [*made, *others]}
        self._default = tuple(_only(channel) for channel in others)

    def tell(self, day: Day, incidents: Iterable[Incident], *, quiet: bool = True) -> None:
        """Send what is to be told of a day: what cannot wait as messages of their own, the rest of a route as its digest.

        quiet : whether this is all that there is to tell of the day, so that a route without any of it says that all is quiet.
        """
        listed = list(incidents)
        routed: dict[RouteOptions, list[Incident]] = {route: [] for route in self._options.routes}
        for incident in listed:
            for route in self._routes(incident):
                routed.setdefault(route, []).append(incident)
        for route, of_route in routed.items():
            for incident in of_route if not route.digest else ():
                if incident.severity in AT_ONCE:
                    self._send(route, day, [incident], self._alone)
            self._send(
                route, day, [one for one in of_route if route.digest or one.severity not in AT_ONCE], self._digest
            )
            if quiet and route.quiet and not of_route:
                self._tell_quiet(route, day)
        urgent = [one for one in listed if one.severity in AT_ONCE]
        self.count.undelivered += sum(not self._arrived(one, routed) for one in urgent)

    def tell_ends(self, incidents: Iterable[Incident]) -> None:
        """Tell the end of incidents to each channel that shows them until it hears of it."""
        for incident in incidents:
            for channel in self._showing(incident):
                self._send(_only(channel), incident.day, [incident], self._alone)

    def tell_withdrawn(self, incident: Incident, who: Responsible) -> None:
        """The same of one that stands on no day any more. who : as it was told."""
        update, message = Update.of(incident, withdrawn=True), incident_message(incident, self._link(incident.day), who)
        for channel in self._showing(incident):
            if not self._log.settled(update, [channel.name]):
                self._attempt(channel.name, [update], message)

    def shown(self, incidents: Iterable[Incident]) -> list[tuple[Incident, Responsible]]:
        """Those that a channel now shows until it hears of their end, with who looks after them."""
        return [(one, responsible(one, self._options.rules)) for one in incidents if any(self._showing(one))]

    def _showing(self, incident: Incident) -> list[Channel]:
        """The channels that show an incident until they hear of its end, and were told of it."""
        name = Update.of(incident).name
        return [one for one in self._channels.values() if one.keeps_standing and self._log.was_sent(name, one.name)]

    def _routes(self, incident: Incident) -> Sequence[RouteOptions]:
        moment = self._log.first_tried(Update.of(incident)) or self._now
        owner = responsible(incident, self._options.rules).owner
        routes = [route for route in self._options.routes if takes(route, incident, owner, moment)] or self._default
        self.count.unrouted += not routes
        return routes

    def _send(
        self,
        route: RouteOptions,
        day: Day,
        incidents: Collection[Incident],
        written: Callable[[Day, Sequence[Incident]], Message],
    ) -> None:
        """Send what is not settled through the route's channels, one after another until all is."""
        for name in route.channels:
            due = [one for one in incidents if not self._log.settled(Update.of(one), route.channels)]
            if not due:
                return
            self._attempt(name, [Update.of(one) for one in due], written(day, due))

    def _tell_quiet(self, route: RouteOptions, day: Day) -> None:
        nothing = Update(day, QUIET, Severity.P3)
        for name in route.channels:
            if self._log.settled(nothing, route.channels):
                return
            self._attempt(name, [nothing], digest_message(day, (), self._link(day), {}, self._report(day)))

    def _attempt(self, name: str, updates: list[Update], message: Message) -> None:
        channel, timeout_s = self._channels[name], self._ws.settings.alerts.timeout_s
        message = message.told_by(self._ws.settings.own_name)
        self.count.add(self._log.attempt(name, updates, lambda: send(channel, message, timeout_s)))

    def _alone(self, day: Day, incidents: Sequence[Incident]) -> Message:
        (incident,) = incidents
        return incident_message(incident, self._link(day), responsible(incident, self._options.rules))

    def _digest(self, day: Day, incidents: Sequence[Incident]) -> Message:
        owners = {one.fingerprint: responsible(one, self._options.rules) for one in incidents}
        return digest_message(day, incidents, self._link(day), owners, self._report(day))

    def _arrived(self, incident: Incident, routed: Mapping[RouteOptions, Collection[Incident]]) -> bool:
        routes = [route for route, of_route in routed.items() if incident in of_route]
        return all(self._log.settled(Update.of(incident), route.channels) for route in routes)

    def _link(self, day: Day) -> str | None:
        return self._ways.link(day) if self._ways.link else None

    def _report(self, day: Day) -> str | None:
        page = page_path(self._ws, day)
        return page.read_text(encoding="utf-8") if page.is_file() else None


def _only(channel: Channel) -> RouteOptions:
    """The route that leads everything to one channel. Not checked: names of URLs are not those of the settings."""
    return RouteOptions.model_construct(channels=(channel.name,))
