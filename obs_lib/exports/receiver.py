"""What a receiver is, and how one is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any, Protocol, TypeVar

from obs_lib.connections import Connections
from obs_lib.exports.options import ExportOptions
from obs_lib.exports.registry import KINDS
from obs_lib.records import ExportedScore, NightNumbers

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a receiver has taken.

    n : scores, or series of numbers. left_out : scores of interactions that the receiver cannot know, or that it rejects
    one by one.
    """

    n: int
    left_out: int = 0


class ScoreReceiver(Protocol):
    """Takes scores. The same sent again is the same score there, by its id."""

    def send(self, scores: Iterable[ExportedScore]) -> Sent:
        """Send them all, some at a time. ExportError or NoReply at the first that is not taken."""


class NumberReceiver(Protocol):
    """Shows the numbers of the newest night, in the place of what it showed before."""

    def show(self, numbers: NightNumbers) -> Sent:
        """Show them. ExportError, NoReply or OSError where it cannot."""


def score_receiver(name: str, options: ExportOptions, connections: Connections) -> ScoreReceiver:
    """The receiver of that name, of a kind that takes scores. ConfigError where it cannot be made."""
    made: ScoreReceiver = _made(name, options, connections)
    return made


def number_receiver(name: str, options: ExportOptions, connections: Connections) -> NumberReceiver:
    """The receiver of that name, of a kind that takes numbers. ConfigError where it cannot be made."""
    made: NumberReceiver = _made(name, options, connections)
    return made


def in_batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items in lists of `size`, the last one shorter.

    >>> list(in_batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def _made(name: str, options: ExportOptions, connections: Connections) -> Any:
    module, _, maker = KINDS[options.kind].maker.partition(":")
    return getattr(import_module(module), maker)(name, options, connections)
