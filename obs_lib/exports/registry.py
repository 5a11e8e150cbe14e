"""Which kinds of receivers there are. A kind is added by its own file and a line here.

Nothing is imported for it: a Dag's parse reads the settings, and they ask which kinds are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of receiver.

    maker : what makes one, as `module:object`: (name, options, connections) to the receiver, ConfigError where it cannot be.
    takes : `scores`, each of every day, or `numbers`, of the newest night.
    needs : the option without which there is none.
    """

    maker: str
    takes: Literal["scores", "numbers"]
    needs: Literal["connection", "path"] = "connection"


KINDS: Mapping[str, Kind] = {
    "prometheus": Kind("obs_lib.exports.textfile:from_options", "numbers", needs="path"),
    "pushgateway": Kind("obs_lib.exports.pushgateway:from_options", "numbers"),
    "otlp": Kind("obs_lib.exports.otlp:from_options", "scores"),
    "langfuse": Kind("obs_lib.exports.langfuse:from_options", "scores"),
    "phoenix": Kind("obs_lib.exports.phoenix:from_options", "scores"),
}
