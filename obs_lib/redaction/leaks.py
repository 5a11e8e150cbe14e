"""Secrets and personal data that a text gives away: by what the redactor masks, less what only stands for one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from obs_lib.redaction.made_up import (
    stands_for_a_mail,
    stands_for_a_number,
    stands_for_a_phone,
    stands_for_a_secret,
)
from obs_lib.redaction.personal import cards, emails, ibans
from obs_lib.redaction.phones import phones
from obs_lib.redaction.secrets import secrets
from obs_lib.redaction.spans import Found

_PUBLIC_TOKEN = re.compile(r"eyJ[\w-]+\Z")
"""The head of a token alone, which says how it is signed."""
_LEAST_NAMED = 8
_RANDOM = re.compile(r"(?=.*\d)(?=.*[A-Za-z])")
_MASKED = re.compile(r"\[(secret|iban|card)\]")
"""What masking at ingest left. `[email]` and `[phone]` are not among them: model letters have such blanks."""
_GAPS = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")
_LEAST_BODY = 40  # characters of a private key beyond its two marks


def secrets_in(text: str) -> Iterator[Found]:
    """Private keys, keys by their issuer's shape, and values under a telling name that look drawn by chance; in any order."""
    for found in secrets(text):
        value = text[found.start : found.end]
        if found.kind == "private key":
            real = len(re.sub(r"-----[^-]+-----|\s", "", value)) >= _LEAST_BODY and "..." not in value
        elif found.kind == "key":
            real = not _PUBLIC_TOKEN.match(value) and not stands_for_a_secret(value)
        else:
            real = len(value) >= _LEAST_NAMED and bool(_RANDOM.match(value)) and not stands_for_a_secret(value)
        if real:
            yield found
    yield from masked_in(text, ("secret",))


def masked_in(text: str, kinds: Collection[str]) -> Iterator[Found]:
    """Where masking at ingest left a mask of these kinds."""
    yield from (Found(match[1], *match.span()) for match in _MASKED.finditer(text) if match[1] in kinds)


def personal_in(text: str, regions: Sequence[str]) -> Iterator[Found]:
    """E-mail addresses, account, card and phone numbers of somebody; in any order. regions : as in RedactionOptions."""
    finders: tuple[tuple[str, Iterator[tuple[int, int]], Callable[[str], bool]], ...] = (
        ("email", emails(text), stands_for_a_mail),
        ("iban", ibans(text), stands_for_a_number),
        ("card", cards(text), stands_for_a_number),
        ("phone", phones(text, regions), stands_for_a_phone),
    )
    taken: list[tuple[int, int]] = []
    for kind, spans, stands_for_one in finders:
        for start, end in spans:
            if any(start < last and first < end for first, last in taken):
                continue  # the groups of an account number can be those of a phone
            taken.append((start, end))
            if not stands_for_one(text[start:end]):
                yield Found(kind, start, end)
    yield from masked_in(text, ("iban", "card"))


def bare(text: str) -> str:
    """The text as values are looked up in it, however they are spaced and written.

    >>> bare("+1 (415) 555-2671"), bare("Ana@Site.org")
    ('+14155552671', 'ana@siteorg')
    """
    return _GAPS.sub("", text).lower()
