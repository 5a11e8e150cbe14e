"""Which log formats there are, by the names that obs.yaml gives them. A format is added by its own file and a line here.

Nothing is imported for it: a Dag's parse reads the settings, and they ask which names are known.
"""

from __future__ import annotations

from collections.abc import Mapping

from obs_lib.extensions import FORMATS, TARGET, Extension, installed

BUNDLED: Mapping[str, str] = {
    "native": "obs_lib.sources.formats.native.format:NativeFormat",
    "otlp": "obs_lib.sources.formats.otlp.format:OtlpFormat",
    "langfuse": "obs_lib.sources.formats.langfuse.format:LangfuseFormat",
    "litellm": "obs_lib.sources.formats.litellm.format:LiteLLMFormat",
    "litellm_spend": "obs_lib.sources.formats.litellm_spend:LiteLLMSpendFormat",
    "langsmith": "obs_lib.sources.formats.langsmith:LangSmithFormat",
    "phoenix": "obs_lib.sources.formats.phoenix:PhoenixFormat",
    "mlflow": "obs_lib.sources.formats.mlflow:MlflowFormat",
    "jaeger": "obs_lib.sources.formats.jaeger:JaegerFormat",
    "otel_console": "obs_lib.sources.formats.otel_console:ConsoleFormat",
    "bedrock": "obs_lib.sources.formats.bedrock:BedrockFormat",
    "vertex": "obs_lib.sources.formats.vertex:VertexFormat",
    "azure_gateway": "obs_lib.sources.formats.azure_gateway:AzureGatewayFormat",
    "openai_batch": "obs_lib.sources.formats.openai_batch:OpenAIBatchFormat",
    "helicone": "obs_lib.sources.formats.helicone:HeliconeFormat",
    "labels": "obs_lib.sources.formats.labels:LabelFormat",
    "gpu": "obs_lib.sources.formats.gpu:GpuFormat",
    "dcgm": "obs_lib.sources.formats.dcgm:DcgmFormat",
}
"""The formats of the package, as `module:object`. No other format can take one of their names."""

SERVED = frozenset({"langfuse"})
"""Those of them that a server hands out, so that a source needs neither a path nor a query."""

DEFAULT = next(iter(BUNDLED))


def known() -> tuple[str, ...]:
    """Every name that a source may give: the package's, then those of installed packages."""
    return (*BUNDLED, *sorted(installed(FORMATS).keys() - BUNDLED.keys()))


def extension(name: str, folder: str | None = None) -> Extension | None:
    """What a source's `format` names; None where nothing is known by that name.

    folder : the settings file's, where the module of a `module:object` is looked for first.
    """
    if name in BUNDLED:
        return Extension(name, BUNDLED[name], "the package")
    if TARGET.fullmatch(name):
        return Extension(name, name, "obs.yaml", folder)
    return installed(FORMATS).get(name)
