"""Anybody's evaluators and log formats: installed with an entry point, or named in obs.yaml as `module:object`.

Which there are is known without importing any of them, so that a Dag's parse may ask. What is loaded is trusted as the
settings are: it is code of whoever runs the night watch.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from obs_lib.errors import ExtensionError

EVALUATORS, FORMATS = "obs.evaluators", "obs.formats"
"""The groups of entry points; an entry point's name is the evaluator's or the format's."""

TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
"""A `module:object`."""


@dataclass(frozen=True, slots=True)
class Extension:
    """Something that can be loaded.

    target : `module:object`. origin : who names it, for messages ("acme-evaluators 1.2", "obs.yaml", "the package").
    folder : where a module of that name is looked for first, the settings file's; None for installed ones.
    """

    name: str
    target: str
    origin: str
    folder: str | None = None


def installed(group: str) -> dict[str, Extension]:
    """The extensions of a group by name, from the metadata of installed packages; of two of one name the first on the path."""
    found: dict[str, Extension] = {}
    for point in entry_points(group=group):
        origin = f"{point.dist.name} {point.dist.version}" if point.dist else "an installed package"
        found.setdefault(point.name, Extension(point.name, point.value, origin))
    return found


def load(extension: Extension) -> object:
    """What the extension names. ExtensionError, with the reason, whatever its code does wrong while it is imported."""
    module_name, _, path = extension.target.partition(":")
    try:
        value: object = _module(module_name, extension.folder)
        for part in path.split("."):
            value = getattr(value, part)
    except (Exception, SystemExit) as error:
        raise ExtensionError(
            f"{extension.name!r} of {extension.origin} cannot be loaded",
            rule="module:object",
            found=f"{type(error).__name__}: {error}"[:300],
            where=extension.target,
            fix="docs/extending.md shows what it must be",
        ) from error
    return value


def _module(name: str, folder: str | None) -> ModuleType:
    """The module, from a file beside the settings where there is one, else from the path."""
    file = Path(folder, *name.split(".")).with_suffix(".py") if folder else None
    if file is None or not file.is_file():
        return importlib.import_module(name)
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(file):
        return known
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look it up here
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module
