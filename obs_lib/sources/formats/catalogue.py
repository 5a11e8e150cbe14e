"""Which format a source's name for it means."""

from __future__ import annotations

from obs_lib.sources.entries import Format
from obs_lib.sources.formats.dcgm import DcgmFormat
from obs_lib.sources.formats.gpu import GpuFormat
from obs_lib.sources.formats.labels import LabelFormat
from obs_lib.sources.formats.langfuse import LangfuseFormat
from obs_lib.sources.formats.litellm import LiteLLMFormat
from obs_lib.sources.formats.native import NativeFormat
from obs_lib.sources.formats.otlp import OtlpFormat
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.stages import StageNames


def build(options: SourceOptions) -> Format:
    """The format that the options name."""
    names = StageNames(options.stages)
    match options.format:
        case "native":
            return NativeFormat(options.naive_times == "utc", names, of_query=options.query is not None)
        case "otlp":
            return OtlpFormat(names)
        case "langfuse":
            return LangfuseFormat(names)
        case "litellm":
            return LiteLLMFormat(names)
        case "labels":
            return LabelFormat()
        case "gpu":
            return GpuFormat()
        case "dcgm":
            return DcgmFormat()
