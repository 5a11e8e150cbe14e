"""Answers whose form says whether they answer, where words shared with the question say nothing: a yes, a number, a name, a
greeting, code; and talk that only goes round the question.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from obs_lib.text import content_stems, numbers, sentences, words

_READ = 2000
"""Characters of the prompt's end in which its question stands."""
_SHORT, _SHORTEST = 8, 5
"""Words of an answer that gives a number, and of one that gives a name."""
_WORDS = yaml.safe_load((Path(__file__).parent / "words" / "direct.yaml").read_text(encoding="utf-8"))


def _any_of(name: str, before: str = r"\b", after: str = r"\b") -> re.Pattern[str]:
    return re.compile(f"{before}(?:{'|'.join(_WORDS[name])}){after}", re.IGNORECASE)


_YES_NO = _any_of("auxiliaries", r"(?:\A|[.!?:\n,]\s*|\b(?:so|and|but|then|please|hi|hello)\s+)", r"\b[^.!?\n]*\?")
_VERDICT = _any_of("verdicts", r"\A\W*")
_COUNTS, _NAMES, _CODE_WANTED = _any_of("counting"), _any_of("naming"), _any_of("code_wanted")
_GREETING, _GREETED, _ROUND = _any_of("greetings", r"\A\W*"), _any_of("greeted"), _any_of("round")
_LINKING = frozenset(_WORDS["linking"])
_CODE = re.compile(
    r"```|^\s*(?:def |class |import |from \w+ import|function |const |let |var |select |#include|public |<\w+|\$ )",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_ROUND = 25  # words of a sentence that only goes round


def answers_by_form(prompt: str, response: str) -> bool:
    """Whether the answer has the form of a direct one to what the prompt's end asks.

    >>> answers_by_form("Is the shop open on Sunday?", "No."), answers_by_form("Who wrote it?", "Bananas are rich in sugar.")
    (True, False)
    """
    asked, said = prompt.strip()[-_READ:], response.strip()
    length = len(words(said))
    if _GREETING.match(asked) and len(words(asked)) <= _SHORTEST:
        return bool(_GREETED.search(said))
    if _CODE_WANTED.search(asked) and _CODE.search(said):
        return True
    if not length or goes_round(asked, said):
        return False
    if _YES_NO.search(asked) and _VERDICT.match(said) and length <= _SHORT:
        return True
    if _COUNTS.search(asked) and numbers(said) and length <= _SHORT:
        return True
    return bool(_NAMES.search(asked)) and _is_name(said)


def goes_round(prompt: str, response: str) -> bool:
    """Whether every sentence of the answer is polite talk that takes up no word of the prompt, where the prompt asks something.

    >>> goes_round("What is the refund period?", "Great question! Let me know if you need anything.")
    True
    """
    asked = set(content_stems(prompt))
    said = [sentence.text for sentence in sentences(response)]
    if not asked or not said or _GREETING.match(prompt.strip()):
        return False
    return all(
        _ROUND.search(text) and len(words(text)) <= _LONGEST_ROUND and not asked & set(content_stems(text))
        for text in said
    )


def is_data(prompt: str) -> bool:
    """Whether the prompt is data alone, as the result of a tool, so that it asks nothing by itself."""
    text = prompt.strip()
    return text[:1] in "{[" and text[-1:] in "}]" and "?" not in text if text else False


def _is_name(said: str) -> bool:
    """One to five words that name something: a single word, or words with capitals, numbers and what links them."""
    spoken = re.findall(r"[^\s,;/&-]+", said.strip(" .!\"'“”*`"))
    if not spoken or len(spoken) > _SHORTEST or _GREETING.match(said):
        return False
    named = [word for word in spoken if word.lower() not in _LINKING]
    return bool(named) and (len(named) == 1 or all(word[0].isupper() or word[0].isdigit() for word in named))
