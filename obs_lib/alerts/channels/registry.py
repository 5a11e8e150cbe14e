"""Which kinds of channels there are. A kind is added by its own file and a line here.

Nothing is imported for it: a Dag's parse reads the settings, and they ask which kinds are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from obs_lib.alerts.channels.channel import Channel
    from obs_lib.alerts.delivery_options import ChannelOptions
    from obs_lib.connections import Connections

NOTIFIER = "notifier"

KINDS: Mapping[str, str] = {
    "apprise": "obs_lib.alerts.channels.apprise_urls:from_options",
    "alertmanager": "obs_lib.alerts.channels.alertmanager:from_options",
    "webhook": "obs_lib.alerts.channels.webhook:from_options",
    "mail": "obs_lib.alerts.channels.mail:from_options",
    NOTIFIER: "",  # made by the Dags: the library never imports Airflow
}
"""What makes a channel of a kind, as `module:object`, a `Maker`."""

Maker = Callable[[str, "ChannelOptions", "Connections", float], "Channel"]
"""(name, options, connections, seconds that a message may take) to the channel. ConfigError where it cannot be one."""


def make_channel(
    name: str, options: ChannelOptions, connections: Connections, timeout_s: float, own: Mapping[str, Maker]
) -> Channel:
    """The channel of that name. own : makers of kinds that whoever calls brings; they come before the package's.

    A channel that cannot be made refuses every message with the reason, so that the next of its route is used.
    """
    from obs_lib.alerts.channels.channel import Broken
    from obs_lib.errors import ObsError

    maker = own.get(options.kind) or _bundled(options.kind)
    if maker is None:
        return Broken(name, f"a {options.kind} runs inside Airflow only")
    try:
        return maker(name, options, connections, timeout_s)
    except ObsError as error:
        return Broken(name, str(error))
    except Exception as error:  # noqa: BLE001 - anybody's notifier may raise anything; its words could quote a secret
        return Broken(name, type(error).__name__)


def _bundled(kind: str) -> Maker | None:
    module, _, function = KINDS[kind].partition(":")
    if not module:
        return None
    maker: Maker = getattr(import_module(module), function)
    return maker
