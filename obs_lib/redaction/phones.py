"""Phone numbers, found by `phonenumbers`, the port of the library by which Android reads them.

Its loosest reading takes many a number for a phone, its strictest misses what people really write. So a number counts only
where its writing says so: a plus, the groups of its country, or for bare digits a word such as "call" before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex

from obs_lib.redaction.personal import ESCAPE
from obs_lib.redaction.spans import Span, replaced

# Digits with what people write between them; possessive, so that the whole text is walked once.
_RUN = regex.compile(r"(?:\+(?=[\d(])|[\d(])[\d \t().\-/\u00a0\u2010-\u2015]*+")
_LEAST_DIGITS, _LEAST_DIGITS_WITH_PLUS = 7, 10
_LONGEST_RUN = 300  # characters; where nothing but digits and gaps goes on for longer, it is a table of numbers
_NANP = regex.compile(r"(?:1[ .-]?)?(?:\([2-9]\d\d\)[ .-]?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}")
_TRUNK = regex.compile(r"\(?0\d{2,4}\)?[ -]\d{2,4}[ -]?\d{2,4}(?:[ -]?\d{2,4})?")
_CALLED = regex.compile(
    r"(?<!\[)\b(?:phones?|tel|telephone|mobile|cell|cellphone|call|fax|whatsapp|sms|text)\b\W{0,3}\D{0,20}\Z",
    regex.IGNORECASE,
)
_GOES_ON = regex.compile(r"\d[ \t.-]\Z")
_DECIMAL = regex.compile(r"\d+\.\d+")
_INSIDE = regex.compile(rf"(?:[\w$€£¥%]|\d[.,])\Z(?<!{ESCAPE})")


def mask_phones(text: str, regions: Sequence[str]) -> str:
    """The text with phone numbers replaced by `[phone]`."""
    return replaced(text, phones(text, regions), "[phone]")


def phones(text: str, regions: Sequence[str]) -> Iterator[Span]:
    """Where phone numbers stand, in order; of two that begin together the longer one first."""
    for run in _RUN.finditer(text):
        written = run.group()
        if len(written) <= _LONGEST_RUN and sum(map(str.isdigit, written)) >= _LEAST_DIGITS:
            yield from sorted(_in_run(text, run, regions), key=lambda span: (span[0], -span[1]))


def _in_run(text: str, run: regex.Match[str], regions: Sequence[str]) -> Iterator[Span]:
    from phonenumbers import Leniency, PhoneNumberMatcher

    # A few characters more, for an extension.
    window = text[run.start() : run.end() + 12]
    # With a plus the country stands in the number itself.
    for region in (regions or (None,)) if window[0] != "+" else (None,):
        for match in PhoneNumberMatcher(window, region, Leniency.POSSIBLE, max_tries=len(window)):
            raw = match.raw_string
            if raw.startswith("(") and ")" not in raw:  # the bracket belongs to the sentence
                raw = raw[1:]
            start, end = run.start() + match.end - len(raw), run.start() + match.end
            alone = not _INSIDE.search(text[max(0, start - 6) : start]) and not text[end : end + 1].isalnum()
            if alone and _written_as_phone(raw, region, text[max(0, start - 40) : start]):
                yield start, end


def _written_as_phone(raw: str, region: str | None, before: str) -> bool:
    """Whether what could be a number of the region is also written like one."""
    from phonenumbers import Leniency, PhoneNumberMatcher, is_valid_number, parse

    number = parse(raw, region)
    valid, bare = is_valid_number(number), raw.lstrip("+").isdigit()
    if raw.startswith("+"):
        return valid or not bare or len(raw) > _LEAST_DIGITS_WITH_PLUS
    if bare:
        return valid and _CALLED.search(before) is not None
    body = regex.sub(r"\s*(?:x|ext)\D*\d+\Z", "", raw, flags=regex.IGNORECASE)
    if number.country_code == 1:
        return _NANP.fullmatch(body) is not None
    if _GOES_ON.search(before) or _DECIMAL.fullmatch(body):
        return False
    if _TRUNK.fullmatch(body):
        return True
    return valid and PhoneNumberMatcher(raw, region, Leniency.STRICT_GROUPING).has_next()
