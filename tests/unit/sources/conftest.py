"""Read days as the night does, from sources that options name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from obs_lib.connections import Connections, none_known
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import SourceDay, read_day
from obs_lib.sources.source import open_source

Read = Callable[..., SourceDay]


@pytest.fixture
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """read(day, options, ...) : the day out of these sources, with `connections` where they name any."""

    def read(day: dt.date, *sources: SourceOptions, connections: Connections = none_known) -> SourceDay:
        scratch: Path = tmp_path_factory.mktemp("scratch")
        return read_day([open_source(options, connections) for options in sources], day, scratch)

    return read
