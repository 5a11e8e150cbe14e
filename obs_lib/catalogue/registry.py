"""Names that are known without importing anything, and what they name, loaded at first need and kept.

A registry holds what comes with the package, what installed packages offer by an entry point, and what the settings name,
in this order. All three are loaded alike. What somebody else wrote and cannot be loaded is left out, and said so in
`problems`; what comes with the package and cannot be loaded is a bug and raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from threading import RLock
from typing import Any, Generic, TypeVar

from obs_lib.errors import ExtensionError
from obs_lib.extensions import Extension, installed, load

PACKAGE = "the package"
"""The origin of what comes with the package."""

_T = TypeVar("_T")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is named and is not among the entries, or lacks a part, and why."""

    extension: Extension
    error: ExtensionError

    @property
    def subject(self) -> str:
        """Who is left out, for the reader."""
        return f"{self.extension.name} of {self.extension.origin}"


class Registry(Generic[_T]):
    """One kind of thing by name.

    bundled : name to `module:object`. group : of entry points; None where nobody else may add one.
    read : makes an entry of what was loaded, given the entries before it; ExtensionError where it is none.
    """

    def __init__(
        self,
        bundled: Mapping[str, str],
        group: str | None,
        read: Callable[[Extension, object, Mapping[str, _T]], _T],
    ) -> None:
        self._bundled, self._group, self._read = bundled, group, read
        self._own: tuple[Extension, ...] = ()
        self._installed: tuple[Extension, ...] | None = None
        self._entries: dict[str, _T] | None = None
        self._problems: list[Problem] = []
        self._lock = RLock()
        self.generation = 0

    def use(self, own: tuple[Extension, ...]) -> None:
        """Take what the settings name, in place of what earlier settings of this process named, and what is installed."""
        with self._lock:
            packages = self._found()
            if (own, packages) != (self._own, self._installed):
                self._own, self._installed = own, packages
                self._entries, self._problems = None, []
                self.generation += 1

    def names(self) -> tuple[str, ...]:
        """Every name, in order; imports nothing."""
        return tuple(dict.fromkeys(extension.name for extension in self._extensions()))

    def entries(self) -> Mapping[str, _T]:
        """Everything that could be loaded, by name, in order."""
        with self._lock:
            if self._entries is None:
                self._entries = self._loaded()
            return self._entries

    def problems(self) -> tuple[Problem, ...]:
        """What is named and could not be loaded."""
        self.entries()
        return tuple(self._problems)

    def leave_out(self, name: str, error: ExtensionError) -> None:
        """Drop an entry that turned out not to work."""
        with self._lock:
            self.note(name, error)
            self._entries = {known: entry for known, entry in self.entries().items() if known != name}
            self.generation += 1

    def note(self, name: str, error: ExtensionError) -> None:
        """Keep in mind that a part of an entry does not work."""
        with self._lock:
            extension = next(extension for extension in self._extensions() if extension.name == name)
            self._problems.append(Problem(extension, error))

    def _extensions(self) -> tuple[Extension, ...]:
        with self._lock:
            if self._installed is None:
                self._installed = self._found()
            bundled = tuple(Extension(name, target, PACKAGE) for name, target in self._bundled.items())
            return (*bundled, *self._installed, *self._own)

    def _found(self) -> tuple[Extension, ...]:
        return tuple(installed(self._group).values()) if self._group else ()

    def _loaded(self) -> dict[str, _T]:
        entries: dict[str, _T] = {}
        origins: dict[str, str] = {}
        for extension in self._extensions():
            try:
                if extension.name in origins:
                    raise _taken(extension, origins[extension.name])
                origins[extension.name] = extension.origin
                entries[extension.name] = self._read(extension, load(extension), entries)
            except ExtensionError as error:
                if extension.origin == PACKAGE:
                    raise
                self._problems.append(Problem(extension, error))
        return entries


def kept(*registries: Callable[[], Registry[Any]]) -> Callable[[Callable[[], _V]], Callable[[], _V]]:
    """Keep what a function without arguments makes of the entries of some registries until they change."""

    def decorate(make: Callable[[], _V]) -> Callable[[], _V]:
        made: dict[tuple[int, ...], _V] = {}

        @wraps(make)
        def known() -> _V:
            for registry in registries:
                registry().entries()
            generations = tuple(registry().generation for registry in registries)
            if generations not in made:
                value = make()
                made.clear()
                made[generations] = value
                return value
            return made[generations]

        return known

    return decorate


def _taken(extension: Extension, by: str) -> ExtensionError:
    return ExtensionError(
        f"{extension.name!r} of {extension.origin} has a name that is taken",
        rule="a name of its own",
        found=f"{extension.name} of {by}",
        where=extension.target,
        fix="rename it, or uninstall one of the two",
    )
