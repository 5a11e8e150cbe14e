"""Read days as the night does, from sources that options name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import SourceDay, open_source, read_day

Read = Callable[..., SourceDay]


@pytest.fixture
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """read(day, options, ...) : the day out of these sources."""

    def read(day: dt.date, *sources: SourceOptions) -> SourceDay:
        scratch: Path = tmp_path_factory.mktemp("scratch")
        return read_day([open_source(options) for options in sources], day, scratch)

    return read
