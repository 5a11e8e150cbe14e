"""From the names that a team gives its spans to the stages of a request (`records.STAGES`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import lru_cache
from typing import Protocol

from obs_lib.errors import ConfigError
from obs_lib.records import STAGES

OTHER = "other"
_LONGEST = 200  # characters of a name that are looked at: names come from logs
_REMEMBERED = 4096  # names; a service has some dozens

_KINDS = {
    "inference": (
        # OpenTelemetry's gen_ai.operation.name, OpenInference's span kind, Langfuse's type, LiteLLM's call_type
        *("chat", "text_completion", "generate_content", "llm", "generation"),
        *("completion", "acompletion", "atext_completion", "responses", "aresponses"),
        *("anthropic_messages", "pass_through_endpoint"),
    ),
    "retrieval": ("embeddings", "retrieval", "retriever", "embedding", "reranker", "aembedding", "rerank", "arerank"),
    "tool": ("execute_tool", "tool"),
    "safety_filter": ("guardrail", "moderation", "amoderation"),
    "prompt_builder": ("prompt",),
}
"""What says the stage by itself. Chains, agents, evaluators and plain spans do not: their names are looked at."""

_NAMES = {
    "safety_filter": ("*safety*", "*guardrail*", "*moderat*", "*content*filter*", "*jailbreak*", "*toxicity*"),
    "output_processor": ("*output*", "*pars*", "*post*process*", "*format*response*", "*citation*"),
    "retrieval": ("*retriev*", "*vector*", "*embed*", "*rerank*", "*search*", "*knowledge*", "*lookup*"),
    "prompt_builder": ("*prompt*", "*template*", "*build*messages*"),
    "router": ("*router*", "*routing*", "route", "route[ _-]*", "*intent*", "*classif*"),
    "inference": ("chat *", "*inference*", "*llm*", "*completion*", "*generat*", "*chat*model*", "chatopenai"),
    "tool": ("*tool*", "*function*call*"),
}
"""What names usually mean, the first that fits; what rules narrower things stands before what rules wider ones."""


class StageNamer(Protocol):
    """Says which of `records.STAGES` a span is, by its name and its kind as logged; None where the log says no kind."""

    def stage_of(self, name: str, kind: str | None) -> str: ...


class StageNames:
    """Says which stage a span is.

    Parameters
    ----------
    patterns : what a name looks like (`*`, `?` and `[...]` as in file names, in any case) to its stage. They come before
        all defaults, in their order. ConfigError for a stage that there is none of.

    >>> names = StageNames({"vector_search*": "retrieval"})
    >>> names.stage_of("Vector_Search.v2"), names.stage_of("chat gpt-4", "chat"), names.stage_of("handle")
    ('retrieval', 'inference', 'other')
    """

    def __init__(self, patterns: Mapping[str, str] | None = None) -> None:
        given = dict(patterns or {})
        for pattern, stage in given.items():
            if stage not in STAGES:
                raise ConfigError(
                    "there is no such stage", rule="one of " + ", ".join(STAGES), found=stage, where=f"stages.{pattern}"
                )
        self._given = _compiled((pattern, stage) for pattern, stage in given.items())
        self._known = lru_cache(maxsize=_REMEMBERED)(self._look_up)

    def stage_of(self, name: str, kind: str | None = None) -> str:
        """The stage of a span, one of `records.STAGES`.

        Parameters
        ----------
        name : the span's name as logged.
        kind : what the log says of its kind: `gen_ai.operation.name`, `openinference.span.kind`, a Langfuse type, a LiteLLM
            call_type, or a stage itself; None where it says nothing.
        """
        return self._known(name[:_LONGEST].lower(), (kind or "")[:_LONGEST].lower())

    def _look_up(self, name: str, kind: str) -> str:
        return _first(self._given, name) or _BY_KIND.get(kind) or _by_name(name)


Rules = tuple[tuple[re.Pattern[str], str], ...]


def _compiled(patterns: Iterable[tuple[str, str]]) -> Rules:
    return tuple((re.compile(translate(pattern.lower())), stage) for pattern, stage in patterns)


def _first(rules: Rules, name: str) -> str | None:
    return next((stage for pattern, stage in rules if pattern.match(name)), None)


def _by_name(name: str) -> str:
    plain = re.sub(r"[\s.-]+", "_", name)
    return plain if plain in STAGES else _first(_DEFAULTS, name) or OTHER


_BY_KIND = {stage: stage for stage in STAGES if stage != OTHER} | {
    kind: stage for stage, kinds in _KINDS.items() for kind in kinds
}
_DEFAULTS = _compiled((pattern, stage) for stage, patterns in _NAMES.items() for pattern in patterns)
