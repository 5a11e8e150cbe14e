"""Whether two clauses of the same words say the contrary of each other.

Every denial, every word that stands for its opposite on the other side, and every comparison told from its other end turns the
meaning once: an even number of turns leaves it as it is ("cannot be returned after 30 days", "can be returned within 30 days").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from obs_lib.evaluators.checks import OPPOSITES
from obs_lib.evaluators.facts.stems import content, shared, stem
from obs_lib.text import STOP_WORDS

_WORDS = yaml.safe_load((Path(__file__).parents[1] / "words" / "facts.yaml").read_text(encoding="utf-8"))
_DENIALS = frozenset(_WORDS["denials"].split())
_NO_DENIAL = re.compile(
    rf"\b(?:{'|'.join(_WORDS['no_denials'])})\b|^\W*(?:no|yes|nope|not at all)[,.!]\s", re.IGNORECASE
)
_NOT = re.compile(r"[^\W\d_]*n['’]t\b|[^\W\d_]+", re.IGNORECASE)
_PREFIX = re.compile(rf"^(?:{'|'.join(_WORDS['prefixes'].split())})-?(?=[a-z]{{3}})")
_PIVOT = re.compile(r"\b(?:than|before|after|following|precedes|preceded)\b", re.IGNORECASE)
_NAME = re.compile(r"\b[A-Z][\w'’-]*\w")
_EITHER_WAY = re.compile(
    r"\b(?:and|or|with|near|beside|next|between|against|meets?|met|marry|marries|married|versus|vs)\b", re.IGNORECASE
)
"""What holds between two whichever of them is named first."""
_ORDER = frozenset({"before", "after"})
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def denials(text: str) -> int:
    """How often a clause denies.

    >>> denials("No refunds are given."), denials("It isn't banned."), denials("No, not only dogs are allowed.")
    (1, 2, 0)
    """
    plain = _NO_DENIAL.sub(" ", text)
    found = [word.lower() for word in _NOT.findall(plain)]
    found = [word for word in found if word[-3:].replace("’", "'") == "n't" or word in _DENIALS]
    return len(found) - (found.count("nor") if "neither" in found else 0)


def turned(one: str, other: str) -> list[tuple[str, str]]:
    """Words of the one of which the other has the contrary and not the word itself, with that contrary.

    >>> turned("Sales rose before noon; it is unsafe.", "Sales fell before noon; it is safe.")
    [('rose', 'fell'), ('unsafe', 'safe')]
    """
    mine, theirs = ([word.lower() for word in _WORD.findall(text)] for text in (one, other))
    found = []
    for word in dict.fromkeys(mine):
        if word in theirs or word in _DENIALS or word.startswith("non-"):
            continue
        contrary = _contrary(word, theirs)
        if contrary is not None and contrary not in mine and (word not in _ORDER or _begins(one) == _begins(other)):
            found.append((word, contrary))
    return found


def _begins(text: str) -> bool:
    """Whether "before" or its like stands at the beginning, so that what it orders is told elsewhere."""
    return bool(_PIVOT.match(text.lstrip(" ,;:")))


def _contrary(word: str, others: list[str]) -> str | None:
    listed = OPPOSITES.get(word, frozenset())
    bare = _PREFIX.sub("", word)
    for other in others:
        if other in _DENIALS or other.startswith("non-"):
            continue
        if other in listed:
            return other
        stripped = _PREFIX.sub("", other)
        if (bare != word and stem(bare) == stem(other)) or (stripped != other and stem(stripped) == stem(word)):
            return other
    return None


def swapped(one: str, other: str) -> bool:
    """Whether both compare the same two things, each from its own end.

    >>> swapped("Iron is heavier than tin.", "Tin is lighter than iron.")
    True
    """
    ends = []
    for text in (one, other):
        pivot = _PIVOT.search(text)
        if pivot is None:
            return False
        ends.append((content(text[: pivot.start()]), content(text[pivot.end() :])))
    (left, right), (their_left, their_right) = ends
    return _mostly(right, their_left) and not _mostly(right, their_right) and bool(shared(their_right, left))


def exchanged(one: str, other: str) -> bool:
    """Whether two names have changed places around the same word.

    >>> exchanged("Anna pays Ben.", "Ben pays Anna."), exchanged("Anna pays Ben.", "Ben is paid by Anna.")
    (True, False)
    """
    mine, theirs = (
        [match for match in _NAME.finditer(text) if match[0].lower() not in STOP_WORDS] for text in (one, other)
    )
    both = {match[0] for match in mine} & {match[0] for match in theirs}
    mine, theirs = ([match for match in row if match[0] in both] for row in (mine, theirs))
    if len(mine) != len(theirs) or len(mine) != 2 or mine[0][0] == theirs[0][0]:
        return False
    between = one[mine[0].end() : mine[1].start()], other[theirs[0].end() : theirs[1].start()]
    if any(_EITHER_WAY.search(text) or not content(text) for text in between):
        return False
    passive = [bool(re.search(r"\bby\b", text)) for text in between]
    return set(content(between[0])) == set(content(between[1])) and passive[0] == passive[1]


def _mostly(part: Sequence[str], whole: Sequence[str]) -> bool:
    return bool(part) and len(shared(part, whole)) * 2 > len(part)
