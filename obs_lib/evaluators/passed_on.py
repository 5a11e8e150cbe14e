"""What an answer only passes on: quotations, and texts that its prompt handed over or asked for in another's name.

A translated, quoted or summed up refusal declines nothing, and neither does a letter that says no for whoever asked for it.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(r"[\"“„«「]([^\"“”„«»「」\n]{0,600})[\"”“»」]")
_BLOCK_QUOTE = re.compile(r"^\s*>.*$", re.MULTILINE)
_LONG_QUOTE, _LEAST_LEFT = 4, 3  # words of a quotation that is taken out, and of what must then be left
_READ = 2000
"""Characters of a prompt's beginning and end in which its order stands."""

_HANDS_OVER = re.compile(
    r"\b(?:translat\w+|summari[sz]\w*|paraphras\w+|re-?phras\w+|re-?word\w*|re-?writ\w+|proof-?read\w*|transcrib\w+|"
    r"(?:sum|tidy) up|shorten|quote|repeat|spell ?check|correct (?:the|this|my)|what (?:does|do) .{1,200} (?:mean|say)|"
    r"say .{1,200} in (?:[a-z]+)|how (?:do|would|can) (?:you|i|we|one) say)\b|"
    r"(?:übersetz|fass\w* .{0,60}zusammen|traduc|tradui|résum|resum|traduz|翻译|翻訳|перевед)",
    re.IGNORECASE | re.DOTALL,
)
_REFUSES = re.compile(
    r"\b(?:can(?:no|')?t|can not|cannot|unable|won't|will not|not able|sorry|apolog\w+|unfortunately|regret|declin\w+|refus\w+|"
    r"no puedo|no podemos|lo siento|lamento|ich kann\b.{0,40}\bnicht|wir können\b.{0,40}\bnicht|tut mir leid|leider|"
    r"ne (?:peux|pouvons|puis) pas|désolée?|malheureusement|não (?:posso|podemos)|desculpe|lamentamos|infelizmente|"
    r"non (?:posso|possiamo)|mi dispiace|purtroppo|не (?:могу|можем)|извините|к сожалению|ikke|kan (?:je )?.{0,20}niet)\b|"
    r"抱歉|对不起|不能|无法|無法|申し訳|できません|죄송|لا أستطيع|لا يمكنني|माफ़",
    re.IGNORECASE | re.DOTALL,
)
_OF_THE_TASK = re.compile(
    r"\b(?:translat\w+|summari[sz]\w*|paraphras\w+|re-?phras\w+|re-?writ\w+|proof-?read\w*|transcrib\w+|quot\w+|repeat\w*|"
    r"(?:this|that|the) (?:text|sentence|phrase|passage|content|document)|(?:this|that) request)\b",
    re.IGNORECASE,
)
"""What an answer speaks of that declines the task itself, and not what was handed over."""
_WRITES = re.compile(
    r"\b(?:writ\w+|draft|compos\w+|create|generate|prepare|formulate|word|suggest|give me|make|help me|need|"
    r"how (?:do|can|should|would|to))"
    r"\b.{0,120}?\b(?:e-?mails?|letters?|repl(?:y|ies)|responses?|messages?|notes?|texts?|script|dialog(?:ue)?|scene|story|poem|"
    r"template|declin\w+|refus\w+|reject\w*|say(?:ing)? no|turn(?:ing)? down|cancel\w*|resign\w*|apolog\w+)\b",
    re.IGNORECASE | re.DOTALL,
)
_LETTER = re.compile(
    r"\A\W*(?:\*\*)?(?:subject\b|dear\b|hi\b|hello\b|hey\b|good (?:morning|afternoon|evening)\b|to whom)", re.IGNORECASE
)
_TRADE = re.compile(
    r"\bas an? (?:ai|artificial intelligence|language|assistant) (?:\w+ )?"
    r"(?:engineer|researcher|scientist|company|startup|founder|team|"
    r"student|teacher|manager|developer|consultant|expert|artist|officer|lab|enthusiast|user|analyst|trainer|professor)\b",
    re.IGNORECASE,
)
"""Who speaks works with assistants and is none."""
_BLANK = re.compile(r"\[[A-Z][\w' /-]{2,40}\]")


def own_words(response: str) -> str:
    """The answer without quotations of some length, unless they are nearly all of it.

    >>> own_words('The sign says "we cannot take any returns today" in red letters.')
    'The sign says   in red letters.'
    """
    left = _QUOTED.sub(lambda match: " " if len(match[1].split()) >= _LONG_QUOTE else match[0], response)
    left = _BLOCK_QUOTE.sub(" ", left)
    return left if len(left.split()) >= _LEAST_LEFT else response


def passes_on_a_refusal(prompt: str | None, response: str) -> bool:
    """Whether the answer can be taken for a text that says no and that the prompt handed over or asked for, or that somebody
    says who only works with assistants.

    >>> passes_on_a_refusal("Translate to English: 'No puedo ayudarte'", "I can't help you.")
    True
    >>> passes_on_a_refusal("Translate to English: 'No puedo ayudarte'", "I'm sorry, I can't translate this text.")
    False
    """
    if _TRADE.search(response[:120]):
        return True
    if not prompt:
        return False
    asked = prompt if len(prompt) <= 2 * _READ else prompt[:_READ] + "\n" + prompt[-_READ:]
    order = _HANDS_OVER.search(asked)
    if order and not _OF_THE_TASK.search(response[:300]):
        return bool(_REFUSES.search(asked[: order.start()] + " " + asked[order.end() :]))
    return bool(_WRITES.search(asked) and (_LETTER.match(response) or _BLANK.search(response)))
