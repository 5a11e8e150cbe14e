"""What a classifier's labels mean, from their names: configurations agree on no order, and often on no names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from obs_lib.catalogue.score import OwnModels
from obs_lib.errors import UnknownModel

HALLUCINATION = OwnModels(("tokens",), "hallucinated hallucination hallucinations unsupported")
"""What a token classifier looks for; what others look for is declared with the score that they give."""

_NEGATIONS = frozenset({"not", "non", "no", "none", "un"})
_BENIGN_WORDS = "neutral normal clean safe benign ok okay acceptable neither compliance complied answer answered"
_BENIGN = frozenset(_BENIGN_WORDS.split())
_UNNAMED = re.compile(r"(?:label_?)?\d+", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def counted_labels(
    asked: str, meaning: OwnModels, labels: Sequence[str], given: Sequence[str] | None, where: str
) -> tuple[int, ...]:
    """Indices of the labels that say yes to what is asked.

    Parameters
    ----------
    asked : what the labels are to say, for the error. meaning : the words that say it.
    labels : the model's labels in the order of its logits.
    given : names from the settings; None: by the names. A single label always counts. The second of two unnamed labels of a
        token classifier counts as hallucinated, which is how LettuceDetect's models are published.
    where : the section of the settings, for the error.

    UnknownModel where a given name is no label, or names say nothing.

    >>> entails = OwnModels(("nli",), "entailment")
    >>> counted_labels("support", entails, ["contradiction", "entailment", "neutral"], None, "")
    (1,)
    >>> insults = OwnModels(("classifier",), "insult", finds=True)
    >>> counted_labels("insults", insults, ["non-insult", "insult"], None, "")
    (1,)
    >>> counted_labels("insults", insults, ["NORMAL", "RUDE"], None, "")
    (1,)
    """
    if given is not None:
        return _given(labels, given, where)
    if len(labels) == 1:
        return (0,)
    if meaning is HALLUCINATION and len(labels) == 2 and all(_UNNAMED.fullmatch(label) for label in labels):
        return (1,)
    counted = tuple(i for i, label in enumerate(labels) if _says(label, meaning))
    benign = [_is_benign(label) for label in labels]
    if not counted and meaning.finds and any(benign):
        # A label beside "neutral" is what the model was made to find, however it is called.
        counted = tuple(i for i, label in enumerate(labels) if not benign[i] and not _UNNAMED.fullmatch(label))
    if not counted or (len(counted) == len(labels) and not meaning.all_labels):
        raise UnknownModel(
            f"the model's labels do not say which of them mean {asked}",
            rule="named in its config.json, id2label, or in the settings",
            found=list(labels)[:12],
            where=f"{where}.labels",
            fix=f'look in the model\'s card and set {where}.labels, such as ["{labels[-1]}"]',
        )
    return counted


def _given(labels: Sequence[str], given: Sequence[str], where: str) -> tuple[int, ...]:
    unknown = [name for name in given if name not in labels]
    if unknown:
        raise UnknownModel(
            "the model has no such label", rule=f"among {list(labels)[:24]}", found=unknown, where=f"{where}.labels"
        )
    return tuple(i for i, label in enumerate(labels) if label in given)


def _words(label: str) -> set[str]:
    return {word.lower() for word in _WORDS.findall(label)}


def _says(label: str, meaning: OwnModels) -> bool:
    words = _words(label)
    return bool(words & set(meaning.words.split())) and not words & _NEGATIONS


def _is_benign(label: str) -> bool:
    return bool(_words(label) & (_BENIGN | _NEGATIONS))
