"""Which format a source's name for it means."""

from __future__ import annotations

from obs_lib.sources.entries import Format
from obs_lib.sources.formats.labels import LabelFormat
from obs_lib.sources.formats.native import NativeFormat
from obs_lib.sources.options import SourceOptions


def build(options: SourceOptions) -> Format:
    """The format that the options name."""
    match options.format:
        case "native":
            return NativeFormat(options.naive_times == "utc")
        case "labels":
            return LabelFormat()
