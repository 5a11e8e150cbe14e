"""Which sentences of an answer claim something: only these can be supported by contexts, or not.

Thanks, offers of help, questions back and a bare "yes" claim nothing; nor does who says that he does not know, or that the
contexts are silent. The patterns read English (words/claims.yaml).
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

import yaml

from obs_lib.text import content_stems, numbers

_WORDS = yaml.safe_load((Path(__file__).parent / "words" / "claims.yaml").read_text(encoding="utf-8"))
CITATION = re.compile(r"\[\d{1,3}\]")
_BARE = re.compile(r"^\W*(?:yes|no|yep|nope|yeah|correct|right|true|false|not at all)\W*$", re.IGNORECASE)
_BUT = re.compile(r"\b(?:but|however|although|though|yet|nevertheless|except)\b", re.IGNORECASE)
_QUOTES = str.maketrans({"’": "'", "‘": "'"})
_READ = 600
"""Characters of a sentence that are read, which bounds the work: as many as `text.sentences` makes of one."""
_FEW = 2
"""Words of content on the other side of a "but" that make a claim."""


class Sense(Enum):
    """What a sentence does. BARE : a yes or no alone. SILENT : it says that it, or its sources, do not know."""

    CLAIM = "claim"
    SOCIAL = "social"
    ASKS = "asks"
    BARE = "bare"
    SILENT = "silent"


def _compiled(name: str) -> re.Pattern[str]:
    source, say = (
        _WORDS[part].replace(" |", "|").replace("} (", "}(").replace(") (?: ", ")(?: ") for part in ("source", "say")
    )
    patterns = (pattern.replace("{source}", source).replace("{say}", say) for pattern in _WORDS[name])
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_SILENT, _SOCIAL = _compiled("silent"), _compiled("social")


def sense_of(sentence: str) -> Sense:
    """What one sentence does.

    >>> [sense_of(text).name for text in ("Refunds take 5 days [1].", "Hope so?", "Yes.", "Thank you!", "I don't know.")]
    ['CLAIM', 'ASKS', 'BARE', 'SOCIAL', 'SILENT']
    >>> sense_of("The documents do not mention it, but a refund usually takes five days.").name
    'CLAIM'
    """
    text = CITATION.sub("", sentence[:_READ]).translate(_QUOTES).strip()
    if _BARE.match(text) or not re.search(r"\w", text):
        return Sense.BARE
    if text.endswith("?"):
        return Sense.ASKS
    if _SOCIAL.search(text):
        return Sense.SOCIAL
    found = _SILENT.search(text)
    return Sense.SILENT if found and not _claims_too(text[: found.start()], text[found.end() :]) else Sense.CLAIM


def _claims_too(before: str, behind: str) -> bool:
    """Whether a claim stands on the other side of a "but" from what is not known."""
    sides = [behind[but.end() :] for but in _BUT.finditer(behind)] + [
        before[: but.start()] for but in _BUT.finditer(before)
    ]
    return any(len(content_stems(side)) + len(numbers(side)) >= _FEW for side in sides)
