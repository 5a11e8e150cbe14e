"""What every page inside Airflow needs: its headers, and the watch that it is about."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from night_watch.airflow.watch import names_and_files

if TYPE_CHECKING:
    from obs_lib.pipeline.workspace import Workspace

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; form-action 'self'; "
        "base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not none at all: a form must say where it comes from.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}

_ONE_AT_A_TIME = threading.RLock()
"""Which evaluators a process knows is set by the settings that were read last."""


@contextmanager
def workspace_of(name: str) -> Iterator[Workspace]:
    """Opened for each page: cheap, and it follows the settings file. Held alone until the page is made."""
    with _ONE_AT_A_TIME:
        yield opened(name)


def opened(name: str) -> Workspace:
    """The workspace of a watch, by its name."""
    from obs_lib.pipeline.workspace import open_workspace

    with _ONE_AT_A_TIME:
        return open_workspace(names_and_files()[name])
