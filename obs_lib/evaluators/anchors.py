"""The frozen anchor set: fixed interactions that are scored again every night, to see whether an evaluator itself moved.

Each line of an anchor file is a JSON object: `id`, `prompt`, `response`, `contexts` (list of text), `expected_format`,
`reference` (list of text), and `expected`, a mapping from the name of an evaluator that scores it to what a person says of it
(true or false: whether the score is to be over 0.5; null: nobody says). Those that come with the package are made up for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from obs_lib.catalogue.evaluators import EVALUATORS, complaint
from obs_lib.errors import ConfigError

SHIPPED = Path(__file__).parent / "anchors"
MOST = 2000  # anchors of one file: they are scored every night
_LONGEST = 20_000  # characters of a text


class Anchor(BaseModel):
    """One fixed interaction. Equal anchors must stay equal over the years: change the `id` with the text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=100)
    prompt: str | None = Field(None, max_length=_LONGEST)
    response: str = Field(max_length=_LONGEST)
    contexts: tuple[str, ...] = Field((), max_length=100)
    expected_format: str | None = Field(None, max_length=_LONGEST)
    reference: tuple[str, ...] = Field((), max_length=100)
    expected: dict[str, bool | None] = Field(min_length=1)


def load_anchors(own: str | Path | None = None) -> tuple[Anchor, ...]:
    """The anchors that come with evaluators, and after them those of the file `own`.

    ConfigError with file, line and rule where a line is no anchor, an id comes twice, or there are more than MOST.
    """
    anchors = [*_declared(), *(_read(Path(own)) if own else [])]
    seen: set[str] = set()
    for anchor in anchors:
        if anchor.id in seen:
            raise ConfigError("an anchor's id is taken", rule="each id once", found=anchor.id, where=own)
        seen.add(anchor.id)
    return tuple(anchors)


def _declared() -> Iterator[Anchor]:
    """The package's by name of their file, then those of anybody's evaluators; a file of these that is none is left out."""
    entries = sorted(
        EVALUATORS.entries().values(), key=lambda entry: (not entry.bundled, entry.bundled and entry.score.name)
    )
    for entry in entries:
        if entry.score.anchors is None:
            continue
        try:
            yield from _read(Path(entry.score.anchors))
        except ConfigError as error:
            if entry.bundled:
                raise
            problem = complaint(entry, "has anchors that cannot be read", "a file as docs/anchors.md shows", error)
            EVALUATORS.note(entry.score.name, problem)


def anchors_of(anchors: tuple[Anchor, ...], evaluator: str) -> pd.DataFrame:
    """The anchors that an evaluator scores, with the columns of a case and `anchor`, `expected` (True, False or None)."""
    scored = [anchor for anchor in anchors if evaluator in anchor.expected]
    rows = {
        "anchor": [anchor.id for anchor in scored],
        "prompt": [anchor.prompt for anchor in scored],
        "response": [anchor.response for anchor in scored],
        "contexts": [_contexts(anchor.contexts) for anchor in scored],
        "expected_format": [anchor.expected_format for anchor in scored],
        "error": [None] * len(scored),
        "reference": [
            json.dumps(anchor.reference, ensure_ascii=False) if anchor.reference else None for anchor in scored
        ],
        "expected": [anchor.expected[evaluator] for anchor in scored],
    }
    return pd.DataFrame(rows, dtype=object)


def _contexts(texts: tuple[str, ...]) -> str | None:
    """As the table of interactions holds them."""
    items = [{"id": str(n), "text": text, "score": None} for n, text in enumerate(texts)]
    return json.dumps(items, ensure_ascii=False) if items else None


def _read(path: Path) -> list[Anchor]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "the anchors cannot be read", found=str(error)[:200], where=path, fix="see docs/anchors.md"
        ) from error
    read = []
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            read.append(Anchor.model_validate_json(text))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            rule = f"{'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}"
            raise ConfigError(
                "a line is no anchor", rule=rule, where=f"{path}:{number}", fix="see docs/anchors.md"
            ) from error
    if len(read) > MOST:
        raise ConfigError("there are too many anchors", rule=f"at most {MOST}", found=len(read), where=path)
    return read
