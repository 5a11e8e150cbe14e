"""Which language a text is written in, what languages are called, and whether a text names one.

The detector is py3langid with the model inside its package, told to choose among the languages of `language_names.txt`
([0021](docs/decisions/0021-languages.md) has what it was chosen by). Where it is not sure, the language is undetermined (None):
code, numbers, names and very short texts are in no language, and never in a foreign one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np

from obs_lib.language_model import LanguageModel

DETECTOR = f"py3langid-{version('py3langid')}-1"
"""What decides the language of a text; the last number is that of the rules here."""

_READ = 400
"""Characters that are read: more of them change no verdict, and a long text costs no more than a short one."""
_SURE = 0.5
"""The least confidence in a language and its kin. Over it, no ordinary English answer was taken for another language."""
_FEWEST = 8
"""Letters of a to z below which nothing is told apart: three of them may look like any language."""
_KIN = [
    kin.split()
    for kin in ("ca es pt", "cs sk", "hr sl sr", "da no sv", "be bg mk ru uk", "hi mr ne", "id ms", "af nl", "ja zh")
]
"""Languages so near each other that a short text may be taken for either: together they stand against all others."""
_KIN_OF = {code: frozenset(kin) for kin in _KIN for code in kin}
_NO_PROSE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|[^\s@]{1,64}@[^\s@]+|</?[a-z][^<>\n]*>", re.DOTALL | re.IGNORECASE
)
_WORD = re.compile(r"\w+")
_NOTHING_WRITTEN = "zxx"  # ISO 639-2's code for no linguistic content, which the model knows

_LINES = [
    line.split("\t")
    for line in Path(__file__).with_name("language_names.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
LANGUAGES: dict[str, str] = {code: name for code, name, _ in _LINES}
"""Every language that a text can be found to be in: its code (ISO 639-1) and its name in English."""
_FORMS = {form.replace("_", " ") for _, _, forms in _LINES for form in forms.split()}
_NAMES = frozenset(form for form in _FORMS if "*" not in form)
_STEMS = frozenset(form[:-1] for form in _FORMS if form.endswith("*") and not form.startswith("*"))
_STEM_LENGTHS = sorted({len(stem) for stem in _STEMS})
_PARTS = tuple(sorted(form.strip("*") for form in _FORMS if form.startswith("*")))


def language_of(text: str | None) -> str | None:
    """The language that a text is written in, as a key of LANGUAGES; None where it is undetermined.

    Code blocks, addresses and tags are left aside, and the first 400 characters of the rest are read.

    >>> language_of("Die Hauptstadt von Peru ist Lima."), language_of("法国的首都是哪里？"), language_of("51")
    ('de', 'zh', None)
    """
    return _detected(_prose(text)) if text else None


def languages_of(texts: Sequence[str | None]) -> list[str | None]:
    """The language of each text, as `language_of` gives it: many at once cost a fifth.

    >>> languages_of(["Die Hauptstadt von Peru ist Lima.", None, "51"])
    ['de', None, None]
    """
    samples = [_prose(text) if text else "" for text in texts]
    read = list(dict.fromkeys(sample for sample in samples if _is_enough(sample)))
    found = dict(zip(read, _decided(_model_of_many().shares(read)), strict=True))
    return [found.get(sample) for sample in samples]


def language_name(code: str) -> str:
    """The language's name in English; the code itself for one that is not known."""
    return LANGUAGES.get(code, code)


def are_kin(one: str, other: str) -> bool:
    """Whether two languages are the same, or so near each other that a short text may be taken for either.

    >>> are_kin("es", "pt"), are_kin("en", "de")
    (True, False)
    """
    return one == other or other in _KIN_OF.get(one, ())


def names_language(text: str) -> bool:
    """Whether a text names a language: in English, in that language, or in another large one.

    >>> names_language("Antworte auf Englisch"), names_language("请用英文回答"), names_language("Wer schrieb Faust?")
    (True, True, False)
    """
    words = set(_WORD.findall(text.casefold()))
    if not words.isdisjoint(_NAMES) or any(word[:n] in _STEMS for word in words for n in _STEM_LENGTHS):
        return True
    return not text.isascii() and any(part in text.casefold() for part in _PARTS)


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Why an evaluator does not judge an interaction: one of its texts is in a language that it was not measured on."""

    text: str
    """`prompt`, `response` or `contexts`."""
    language: str
    """Its code."""
    measured: Sequence[str]
    """Codes of those that the evaluator was measured on."""

    @property
    def note(self) -> str:
        """As it stands in `scores`.

        >>> Unmeasured("response", "ja", ("en", "de")).note
        'answer in Japanese; measured on English, German'
        """
        known = ", ".join(map(language_name, self.measured))
        return f"{_WORDS[self.text]} in {language_name(self.language)}; measured on {known}"

    @classmethod
    def of_note(cls, note: str) -> Self | None:
        """The reason that a note gives; None where it gives another."""
        found = _NOTE.fullmatch(note)
        if found is None or found["language"] not in _CODES:
            return None
        measured = tuple(_CODES.get(name, name) for name in found["measured"].split(", "))
        return cls(_TEXTS[found["text"]], _CODES[found["language"]], measured)


_WORDS = {"prompt": "prompt", "response": "answer", "contexts": "contexts"}
_TEXTS = {word: text for text, word in _WORDS.items()}
_CODES = {name: code for code, name in LANGUAGES.items()}
_NOTE = re.compile(rf"(?P<text>{'|'.join(_TEXTS)}) in (?P<language>.+); measured on (?P<measured>.+)")


@lru_cache(maxsize=8192)  # each evaluator asks about the same texts
def _detected(sample: str) -> str | None:
    if not _is_enough(sample):
        return None
    shares = dict(_model().rank(sample))
    return _decided(np.array([[shares[code] for code in _model_of_many().codes]]))[0]


def _prose(text: str) -> str:
    return " ".join(_NO_PROSE.sub(" ", text[: 20 * _READ]).split())[:_READ]


def _is_enough(sample: str) -> bool:
    letters = sum(map(str.isalpha, sample))
    return letters >= _FEWEST or (letters > 0 and not sample.isascii())


def _decided(shares: np.ndarray) -> list[str | None]:
    """The language of most confidence, where that and its kin's together are enough of it. shares : (texts, languages)."""
    codes = _model_of_many().codes
    best = shares.argmax(axis=1)
    sure = (shares * _are_kin()[best]).sum(axis=1) >= _SURE
    found = [codes[n] if certain else None for n, certain in zip(best.tolist(), sure.tolist(), strict=True)]
    return [None if code == _NOTHING_WRITTEN else code for code in found]


@cache
def _are_kin() -> np.ndarray:
    codes = _model_of_many().codes
    return np.array([[are_kin(one, other) for other in codes] for one in codes])


@cache
def _model_of_many() -> LanguageModel:
    return LanguageModel(_model())


@cache
def _model() -> Any:
    """Loaded when a first text is asked about: it takes most of a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages([*LANGUAGES, _NOTHING_WRITTEN])
    return model
