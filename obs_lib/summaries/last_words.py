"""Whether the last thing that somebody asked says that the answers did not help: a proxy, by written cues, in English.

The cues speak of the answer or to the assistant ("that is not what I asked", "still does not work", "let me talk to a
human"). They are no lexicon of feelings: who wants an awful bug fixed is not angry at the assistant. docs/metrics.md says how
well they do.
"""

from __future__ import annotations

import re

_LONGEST = 600  # characters: who complains is brief, and a longer text is a question with its material
_FENCED = re.compile(r"```.*?(?:```|\Z)|\"[^\"]{20,}\"|^>[^\n]*$", re.DOTALL | re.MULTILINE)
_SHORT_FORMS = (
    ("’", "'"),
    ("won't", "will not"),
    ("can't", "can not"),
    ("n't", " not"),
    ("'s", " is"),
    ("'re", " are"),
    ("'ve", " have"),
    ("'m", " am"),
    ("'d", " had"),
)
_FILLERS = frozenset(
    {
        *(
            "still",
            "just",
            "also",
            "simply",
            "completely",
            "totally",
            "plain",
            "clearly",
            "all",
            "so",
            "really",
            "very",
        ),
        *("quite", "actually", "even", "again", "at", "half", "a", "an", "the"),
    }
)
_WORDS = re.compile(r"[\w'-]+|[.!?,:;]")

_IT = r"(?:that|this|it|which|you|these|those|(?:your )?(?:answer|response|reply|solution|code|suggestion|link))"
_IS = r"(?:is|are|was|were)"
_PERSON = r"(?:human|person|agent|manager|operator|representative|somebody|someone)"
_CUES = [
    rf"{_IT} {_IS} (?:wrong|incorrect|false|nonsense|useless|unhelpful|no (?:help|use|good)|ridiculous|terrible|rubbish)",
    rf"{_IT} {_IS} (?:garbage|broken|joke|made up(?! of)|off topic|irrelevant|lie|waste of (?:my )?time)",
    rf"{_IT} {_IS} not (?:right|correct|true|helpful|useful|answer|working|what i|my question|relevant|good enough|it$)",
    r"not what i (?:(?:am|was|have|had) )?(?:asked|asking|meant|wanted|said|need|needed|looking)",
    r"you (?:(?:are|were|have|keep|only) )*(?:misunderst\w+|misread|ignored|ignoring|not listening)",
    r"you (?:(?:are|were|have|keep|only) )*(?:making|made) (?:it|that|this|things|stuff) up",
    r"you (?:(?:are|were|have|keep|only) )*(?:repeat(?:ing|ed)? (?:yourself|same)|(?:saying|said) (?:that|same))",
    r"you (?:do|did|have) not (?:answer|understand|get (?:it|me|what)|read|help|listen)",
    (
        r"(?<!if )(?<!when )(?<!why )(?:it|that|this|they|code|link) (?:(?:does|do|did|will|would) )?not "
        r"(?:work|help|answer|fix|solve|load)"
    ),
    r"^not (?:working|helping)|^(?:getting )?same (?:error|answer|problem|result|thing)|getting same (?:error|result|thing)",
    r"i (?:have )?(?:already )?(?:told|said|asked|explained|mentioned) (?:you|that|this|it)|i already (?:tried|told|said|gave)",
    rf"(?:talk|speak|chat|transfer me|connect me|put me through) (?:to|with) (?:(?:real|actual|live|your) )*{_PERSON}",
    r"(?:useless|worthless|pathetic|hopeless|terrible|horrible) (?:bot|assistant|chatbot|answer|ai|machine|service|support)",
    r"never ?mind|forget it|i give up|going (?:round|around) in circles|waste of (?:my )?time",
    r"^(?:wrong|useless|incorrect|nonsense|no no|are you (?:kidding|serious|stupid))\b(?!.*\w\w\w \w\w\w \w)",
]
_COMPLAINT = re.compile("|".join(rf"(?:^|(?<=[^\w]))(?:{cue})" for cue in _CUES))
_RESOLVED = re.compile(
    r"i (?:found|got|figured|fixed|solved) (?:it|that)|(?:works|working|solved|fixed) now"
    r"|(?:that|it) (?:worked|works|helped|helps)\b|thanks? ,? (?:that|it) (?:worked|works|helped)"
)


def complains(text: str) -> bool:
    """Whether a last turn says that the answers before it did not help.

    >>> complains("No, that's not what I asked."), complains("Please fix this awful, useless bug in my code")
    (True, False)
    """
    if len(text) > 4 * _LONGEST:
        return False
    plain = _FENCED.sub(" ", text).casefold()
    if len(plain) > _LONGEST:
        return False
    for short, long in _SHORT_FORMS:
        plain = plain.replace(short, long)
    words = " ".join(word for word in _WORDS.findall(plain) if word not in _FILLERS)
    return _COMPLAINT.search(words) is not None and not _RESOLVED.search(words)
