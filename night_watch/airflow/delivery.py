"""How the Dags reach people: channels of the settings, Apprise URLs of the connection, and anybody's Airflow notifiers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import Connection, get_current_context
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import mask_secret

from night_watch.airflow.names import base_url, site_of
from night_watch.airflow.tasks import workspace

if TYPE_CHECKING:
    from obs_lib.alerts.delivery_options import ChannelOptions
    from obs_lib.pipeline.deliver import Ways
    from obs_lib.pipeline.workspace import Workspace
    from obs_lib.records import Day, Message, Outcome


def ways(ws: Workspace, config: str) -> Ways:
    """How people are reached from a task or a callback. config : path of the settings file."""
    from obs_lib.pipeline.deliver import Ways

    name, folder = ws.settings.name, str(Path(config).parent)
    return Ways(channel_urls(name), partial(report_address, name), {"notifier": partial(notifier_channel, folder)})


def channel_urls(name: str) -> list[str]:
    """Apprise URLs from the environment and the connection `<name>_notify`. They never leave this process; logs mask them."""
    from obs_lib.settings.environment import notify_urls

    urls = list(notify_urls())
    with suppress(AirflowNotFoundException):  # the connection is optional
        urls += (Connection.get(f"{name}_notify").password or "").split()
    for url in urls:
        mask_secret(url)
    return urls


def report_address(name: str, day: Day) -> str:
    """Address of a day's report in a watch's messages, as seen from outside."""
    return f"{base_url() or 'http://localhost:8080'}{site_of(name)}/{day}"


def notifier_channel(folder: str, name: str, options: ChannelOptions, *_: object) -> NotifierChannel:
    """The channel of a notifier named `module:object`, sought in the folder first; ExtensionError where it cannot be loaded."""
    from obs_lib.extensions import Extension, load

    target = options.notifier or ""
    return NotifierChannel(name, load(Extension(name, target, "obs.yaml", folder)))


@dataclass(frozen=True)
class NotifierChannel:
    """One of Airflow's notifiers. `message` is in its context: `SlackNotifier(text="{{ message.title }}")`.

    given : a notifier, or what makes one when it is called without arguments.
    """

    name: str
    given: Any = field(repr=False)
    keeps_standing: bool = False

    def send(self, message: Message) -> Outcome:
        """Try once; what it raises is for the caller to judge, as no notifier says whether anything arrived."""
        from obs_lib.records import Outcome

        # Of its own for each message: rendering replaces a notifier's templates by what comes out, which quotes logs, and
        # rendered a second time that would be a template.
        notifier = self._made()
        notifier({**_context(), "message": message})
        return Outcome("SENT")

    def _made(self) -> Callable[[dict[str, Any]], None]:
        from airflow.sdk import BaseNotifier

        if isinstance(self.given, BaseNotifier):
            return copy.deepcopy(self.given)
        return self.given()


def _context() -> dict[str, Any]:
    """That of the running task; empty in a callback, which has none."""
    with suppress(RuntimeError):
        return dict(get_current_context())
    return {}


def tell_late_nights(config: str, *, fold_failed: bool = False) -> dict[str, int]:
    """Tell people of nights that are past their deadline, or that wait for a fold that has failed."""
    from obs_lib.pipeline.notify import tell
    from obs_lib.pipeline.watch import late_nights

    with workspace(config) as ws:
        return tell(ws, late_nights(ws, fold_failed=fold_failed), ways(ws, config))


@dataclass(frozen=True)
class TellFailedFold:
    """Called where a task of the fold has failed for good. config : path of the settings file."""

    config: str

    def __call__(self, _: Any) -> None:
        tell_late_nights(self.config, fold_failed=True)
