"""One entry to all masking: what may be shown, and what may be stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from obs_lib.redaction.names import Names
from obs_lib.redaction.options import RedactionOptions
from obs_lib.redaction.personal import Masker, mask_cards, mask_emails, mask_ibans, mask_ips
from obs_lib.redaction.phones import mask_phones
from obs_lib.redaction.secrets import mask_secrets

_ROUNDS = 8
_CUT = "[cut]…"
_TAIL, _WORDS, _LONG_WORD = 600, 6, 16  # characters and words before a cut that are looked at; no word is so long


class Redactor:
    """Masks by the options. Cheap to make; the model that finds names is loaded when first used.

    ConfigError where names are asked for and their model is not installed.
    """

    def __init__(self, options: RedactionOptions) -> None:
        maskers: dict[str, Masker] = {
            "email": mask_emails,
            "iban": mask_ibans,
            "card": mask_cards,
            "ip": mask_ips,
            "phone": partial(mask_phones, regions=options.phone_regions),
        }
        self.options = options
        self._patterns = [masker for entity, masker in maskers.items() if entity in options.entities]
        asked = options.personal != "off" and "name" in options.entities
        self._names = Names(options.names_model) if asked else None

    @property
    def describe(self) -> str:
        """What is in force, for a reader of the report."""
        if self.options.personal == "off":
            return "secrets are masked where shown; personal data is not"
        kinds = ", ".join(self.options.entities) or "no kind"
        names = f" (names by {self._names.identity})" if self._names else ""
        where = "where shown" if self.options.personal == "shown" else "before anything is stored"
        return f"secrets and personal data are masked {where}: {kinds}{names}"

    @property
    def stored_rules(self) -> object:
        """What decides how a stored row reads; None where rows are stored as logged."""
        return self.describe if self.options.personal == "ingest" else None

    def shown(self, text: str) -> str:
        """The text as a report, a message or a terminal may show it."""
        (masked,) = self.shown_column([text])
        return str(masked)

    def stored(self, text: str) -> str:
        """The text as the lake may keep it: unchanged, unless personal data is masked at ingest."""
        (masked,) = self.stored_column([text])
        return str(masked)

    def shown_column(self, values: Iterable[Any]) -> list[Any]:
        """Each text as `shown`; what is no text as it is. Equal texts are masked once."""
        return _by_distinct(values, lambda texts: self._masked(texts, personal=self.options.personal != "off"))

    def stored_column(self, values: Iterable[Any]) -> list[Any]:
        """Each text as `stored`; what is no text as it is. Equal texts are masked once."""
        if self.options.personal != "ingest":
            return list(values)
        return _by_distinct(values, lambda texts: self._masked(texts, personal=True))

    def shown_value(self, value: Any) -> Any:
        """What JSON can hold, with every text in it as `shown`; names of fields stay."""
        return each_text(value, self.shown)

    def _masked(self, texts: Sequence[str], *, personal: bool) -> list[str]:
        masked = [self._by_patterns(text, personal) for text in texts]
        return self._names.mask(masked) if personal and self._names else masked

    def _by_patterns(self, text: str, personal: bool) -> str:
        """Masked until nothing more is found: what stands beside a mask can read differently than before."""
        for _ in range(_ROUNDS):
            before, text = text, mask_secrets(text)
            for masker in self._patterns if personal else ():
                text = masker(text)
            text = _without_half(text)
            if text == before:
                break
        return text


def each_text(value: Any, change: Masker, keep: frozenset[str] = frozenset()) -> Any:
    """A JSON value with every text in it changed, but for those under the keys `keep`."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: item if key in keep else each_text(item, change, keep) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [each_text(item, change, keep) for item in value]
    return value


def _by_distinct(values: Iterable[Any], mask: Any) -> list[Any]:
    values = list(values)
    distinct = list(dict.fromkeys(value for value in values if isinstance(value, str)))
    masked = dict(zip(distinct, mask(distinct), strict=True))
    return [masked[value] if isinstance(value, str) else value for value in values]


def _without_half(text: str) -> str:
    """A text that was cut ("…") without the words before the cut that may be half of something: what is left of an address,
    a number or a key has no shape by which it could be told.
    """
    if not text.endswith("…"):
        return text
    tail = text[-_TAIL:-1]
    start = None
    for word in reversed(list(re.finditer(r"[^\s…]+", tail))[-_WORDS:]):
        if not re.search(r"[@\d]", word.group()) and word.end() - word.start() < _LONG_WORD:
            break
        start = word.start()
    return text if start is None else text[: len(text) - 1 - len(tail) + start] + _CUT
