"""Whom a sentence attacks, and whether it means it: the contrasts that words alone, and one vector of a text, get wrong.

An attack is hatred of, harm to, or a vile word for a group of people or the one who is spoken to. One that is denied, quoted or
spoken against is none; hatred of things is none either.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import yaml

from obs_lib.evaluators.identity import PEOPLE, YOU, classed
from obs_lib.evaluators.ngrams import tokens
from obs_lib.text import sentences

_WORDS: dict[str, list[str]] = yaml.safe_load(
    (Path(__file__).parent / "words" / "stance.yaml").read_text(encoding="utf-8")
)
_SPELLED = re.compile(r"\b(?:\w[ .\-_*]){3,}\w\b")
"""A word letter by letter: i.d.i.o.t, d i s g u s t i n g."""
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»\n]{1,300})[\"”“»]")


def _any_of(*names: str) -> str:
    return "(?:" + "|".join(re.escape(word) for name in names for word in _WORDS[name]) + ")"


_GAP = r"(?:\S+ ){0,4}?"
_MEANS_TO = (
    r"(?:\A|\b(?:should|must|let's|lets|want to|going to|gonna|will|i'll|we'll|love to|time to|need to|ought to|have to) "
    r"(?:\S+ ){0,2}?)"
)
_CALLED = (
    r"(?:(?:are|is|re|such|absolute|complete|total|stupid|dumb|worthless|pathetic|little|fucking|fat|ugly|lazy|the|a|an|one) "
    r"){0,4}"
)
_ATTACKS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{PEOPLE} {_any_of('worth')}\b",
        rf"\b{_any_of('hate')} {_GAP}{PEOPLE}",
        rf"{_MEANS_TO}{_any_of('harm')} {_GAP}{PEOPLE}",
        rf"\b(?:i'll|we'll|(?:i|we) will|(?:i'm|i am|we're) (?:going to|gonna)) {_GAP}{_any_of('harm')} (?:\S+ )?{YOU}",
        rf"{PEOPLE} (?:(?:should|must|need to|ought to|deserve to|have to|has to|belong) ){_GAP}{_any_of('harm')}\b",
        rf"{PEOPLE} (?:\S+ ){{0,2}}(?:are|is|were|breed|look|smell|act|behave)\b {_GAP}{_any_of('vile', 'awful')}\b",
        rf"\bfuck (?:all |these |those |the |you )*{PEOPLE}",
        rf"(?:{YOU}|you're) {_CALLED}{_any_of('insults')}\b",
        r"\b(?:kill|hang|shoot) <you>(?:rself)?\b|\bgo to hell\b|\bdrop dead\b",
    )
)
_WORTH = _ATTACKS[0]
_SAYS = r"(?:suggest|say|claim|argu|provid|imply|state|think|believe|writ|mak|support|endors|call|mean)\w*"
_NOT = rf"(?:\b{_any_of('denials')}|n't|\bcannot)"
_DENIED = re.compile(rf"{_NOT}\W+(?:\S+ ){{0,3}}\Z|{_NOT}\W[^.!?]*\b{_SAYS}\b[^.!?]*\Z")
_INSIDE_DENIED = re.compile(
    rf"\b(?:are|is|were|do|would|should|will|could) (?:not|never)\b|n't\b|\bnobody\b|\bno {PEOPLE}"
)
_COUNTERED = re.compile(rf"\b{_any_of('counters')}")
_ADDRESSED = re.compile(rf"{YOU}|\b{_any_of('persons')}\b")
_TERM = re.compile(rf"\b{_any_of('technical')}\b")
_TERMS = 2  # different ones of a technical text


class Stance(NamedTuple):
    """attack : a phrase that attacks people and is meant; None for none. excused : one that is denied, quoted or spoken
    against. technical : a text of machines, kitchens or clinics that speaks to nobody.
    """

    attack: str | None = None
    excused: bool = False
    technical: bool = False


def stance(text: str) -> Stance:
    """How a text stands to whom it speaks of.

    >>> stance("Women are vermin.").attack
    '<people> are vermin'
    >>> stance("It is a shameful lie that women are vermin.").excused
    True
    >>> stance("Kill the parent process, then the cache is empty.").technical
    True
    """
    excused, addressed, terms = False, False, set[str]()
    for sentence in sentences(text):
        said = _read(sentence.text)
        spoken, whole = (" ".join(classed(tokens(part))) for part in (_QUOTED.sub(" ", said), said))
        addressed, terms = addressed or bool(_ADDRESSED.search(whole)), terms | set(_TERM.findall(whole))
        match = next((found for pattern in _ATTACKS if (found := pattern.search(spoken))), None)
        if match is not None and _meant(spoken, match):
            return Stance(match[0])
        if "?" not in whole:  # "How can anybody not hate them?" excuses nothing
            excused = excused or match is not None or any(pattern.search(whole) for pattern in _ATTACKS)
    return Stance(excused=excused, technical=len(terms) >= _TERMS and not addressed)


def _meant(spoken: str, match: re.Match[str]) -> bool:
    if _COUNTERED.search(spoken) or _DENIED.search(spoken[: match.start()]):
        return False
    return match.re is _WORTH or not _INSIDE_DENIED.search(match[0])


def _read(text: str) -> str:
    """The text with words put together that are spelled letter by letter."""
    return _SPELLED.sub(lambda match: re.sub(r"[ .\-_*]", "", match[0]), text)
