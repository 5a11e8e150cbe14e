"""Sentences with one datum each, whose place is known, and sentences with what only looks like one. Made, not collected."""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

KINDS = ("email", "iban", "card", "ip", "phone")
SENTENCES = (
    "You can reach me under {} until Friday.",
    "contact: {}",
    "Sure! The customer wrote '{}' into the form, so I took it from there.",
    '{{"answer": "{}", "score": 0.5}}',
    "1. **{}**\n2. Something else",
    "It was {}.",
    "({})",
    "Bitte an {}, danke.",
    "{}",
    "user input:\t{}\nassistant: noted",
    "See the table | {} | 17 | yes |",
)
PHONES = (
    *("({area}) {ex}-####", "{area}-{ex}-####", "{area}.{ex}.####", "{area} {ex} ####", "1-{area}-{ex}-####"),
    *("+1 {area} {ex} ####", "+1-{area}-{ex}-####", "+1 ({area}) {ex}-####", "+1{area}{ex}####", "({area}){ex}-####"),
    *("020 7946 0###", "0161 496 0###", "07911 12####", "+44 20 7946 0###", "+44 (0)20 7946 0###", "+447911 12####"),
    *(
        "+49 30 9018###",
        "+49 151 2345####",
        "+33 6 12 34 5# ##",
        "+33 1 42 68 5# ##",
        "+34 612 34# ###",
        "+39 06 6982 ####",
    ),
    *(
        "+91 98765 4####",
        "+91-98765-4####",
        "+81 90-1234-####",
        "+86 138 1234 ####",
        "+55 11 91234-####",
        "+61 412 34# ###",
    ),
    *(
        "+7 912 345-6#-##",
        "+972 52-345-####",
        "+46 70 123 4# ##",
        "+41 44 668 1# ##",
        "+31 20 794 0###",
        "+48 512 34# ###",
    ),
)
AREAS = ("212", "415", "312", "617", "206", "305", "713", "202", "503", "646", "800", "555")
IBANS = (
    "DE################",
    "GB##NWBK############",
    "FR#########################",
    "NL##ABNA##########",
    "ES######################",
)
NOT_PERSONAL = (
    *(
        "version 1.2.3.4",
        "v2.10.3.1",
        "Release 4.15.0.20",
        "section 3.1.2.4",
        "upgrade 1.2.3.4 to 1.2.3.5",
        "build 10.0.19041.1",
    ),
    *(
        "order 4########1",
        "ticket #########",
        "invoice 2023-######",
        "ISBN 978-3-16-148410-0",
        "ISBN 0-306-40615-2",
        "EAN 4006381333931",
    ),
    *(
        "2023-06-15",
        "15.06.2023",
        "06/15/2023",
        "2023-06-15T12:30:45Z",
        "2023-06-15 12:30:45.123456",
        "20230615-123045",
        "12:34:56",
    ),
    *("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "d41d8cd98f00b204e9800998ecf8427e"),
    *(
        "123e4567-e89b-12d3-a456-426614174000",
        "00:1a:2b:3c:4d:5e",
        "4,096 tokens",
        "12#### tokens",
        "1686787200",
        "16867872#####",
    ),
    *(
        "$1,234,567.89",
        "3.14159265358979",
        "40.7128, -74.0060",
        "16 + 25 + 36 + 49 = 126",
        "13743 / 53 = 259",
        "1 2 3 4 5 6 7 8 9 10",
    ),
    *(
        "std::vector<int>",
        "x[1::2]",
        "a::b::c",
        "@dataclass",
        "user@host",
        "W@x.mean(0)",
        "git@github.com:org/repo.git",
        "cat /dev/null",
    ),
    *(
        "127.0.0.1",
        "0.0.0.0",
        "255.255.255.0",
        "1.2.3.4.5",
        "[[1, 2, 3], [4, 5, 6]]",
        "4111 1111 1111 1112",
        "1234 5678 9012 3456",
    ),
    *(
        "DE89 3704 0044 0532 0130 01",
        "0b1010101010101010",
        "0xDEADBEEF",
        "1e-10",
        "99.99%",
        "pages 100-200",
        "1914-1918 and 1939-1945",
    ),
    *(
        "12345678901234567890",
        "100200300",
        "2^64 = 18446744073709551616",
        "0.1234567890",
        "1/3 + 2/3",
        "10-20-30",
        "2010-2020: 45",
    ),
    *(
        "RFC 2822",
        "ISO 8601-1:2019",
        "HTTP/1.1 200 OK",
        "sRGB (12, 34, 56)",
        "chr1:12345678-12345999",
        "arXiv:2303.08774",
    ),
)


@dataclass(frozen=True)
class Labelled:
    """A text and what masking must make of it; `kind` is None where nothing may change."""

    text: str
    expected: str
    kind: str | None


def labelled(seed: int = 11, each: int = 220) -> list[Labelled]:
    """About 1,700 sentences: `each` of every kind, and three for each thing that only looks like one."""
    rng = random.Random(seed)
    made: dict[str, Callable[[random.Random], str]] = {
        "email": email,
        "iban": iban,
        "card": card,
        "ip": ip,
        "phone": phone,
    }
    sentences = []
    for kind, make in made.items():
        for _ in range(each):
            sentence = rng.choice(SENTENCES)
            sentences.append(Labelled(sentence.format(make(rng)), sentence.format(f"[{kind}]"), kind))
    for miss in NOT_PERSONAL:
        for sentence in rng.sample(SENTENCES, 3):
            text = sentence.format(digits(rng, miss))
            sentences.append(Labelled(text, text, None))
    return sentences


def email(rng: random.Random) -> str:
    first, last = (
        rng.choice(("alice", "Bob", "jürgen", "maría", "x")),
        rng.choice(("smith", "O'Neil", "garcia-lopez", "王")),
    )
    local = rng.choice((f"{first}.{last}", f"{first}+{last}", f"{first}_{last}99", first, f"{first[0]}{last}"))
    domains = (
        "example.com",
        "mail.example.co.uk",
        "exämple.org",
        "sub-domain.example.io",
        "xn--exmple-cua.xn--p1ai",
        "firma.museum",
    )
    return f"{local}@{rng.choice(domains)}"


def card(rng: random.Random) -> str:
    beginning, length = rng.choice(
        (("4", 16), ("51", 16), ("2221", 16), ("6011", 16), ("34", 15), ("37", 15), ("36", 14), ("3530", 16))
    )
    body = digits(rng, beginning + "#" * (length - 1 - len(beginning)))
    number = body + next(end for end in string.digits if luhn(body + end))
    cuts = {16: (4, 8, 12), 15: (4, 10), 14: (4, 10)}[length]
    gap = rng.choice(("", " ", "-"))
    return gap.join(number[start:end] for start, end in zip((0, *cuts), (*cuts, length), strict=True))


def luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) << (place % 2)
        total += value // 10 + value % 10
    return total % 10 == 0


def iban(rng: random.Random) -> str:
    shape = rng.choice(IBANS)
    country, rest = shape[:2], digits(rng, shape[2:])[2:]
    as_number = "".join(str(int(character, 36)) for character in rest + country + "00")
    written = f"{country}{98 - int(as_number) % 97:02d}{rest}"
    return written if rng.random() < 0.5 else " ".join(written[at : at + 4] for at in range(0, len(written), 4))


def ip(rng: random.Random) -> str:
    groups = [f"{rng.randrange(1, 65536):x}" for _ in range(4)]
    octets = [rng.randrange(11, 224), *(rng.randrange(256) for _ in range(3))]
    if octets[0] == 127:
        octets[0] = 128
    return rng.choice(
        (
            ".".join(map(str, octets)),
            f"192.168.{octets[1]}.{octets[2]}",
            "2001:db8:" + ":".join(groups) + ":0:1",
            "2a02:8071::" + ":".join(groups[:2]),
            "fe80::" + ":".join(groups),
            "2001:0DB8:85A3:0000:0000:8A2E:0370:7334",
        )
    )


def phone(rng: random.Random) -> str:
    shape = rng.choice(PHONES).replace("{area}", rng.choice(AREAS)).replace("{ex}", str(rng.randrange(200, 1000)))
    return digits(rng, shape)


def digits(rng: random.Random, shape: str) -> str:
    return "".join(rng.choice(string.digits) if character == "#" else character for character in shape)


def agreement(cases: Iterable[Labelled], mask: Callable[[str], str]) -> dict[str, tuple[float, float]]:
    """(precision, recall) a kind: a mask counts as right where the whole text comes out as it must."""
    planted: Counter[str] = Counter()
    right: Counter[str] = Counter()
    masks: Counter[str] = Counter()
    for case in cases:
        out = mask(case.text)
        masks.update({kind: out.count(f"[{kind}]") for kind in KINDS})
        if case.kind:
            planted[case.kind] += 1
            right[case.kind] += out == case.expected
    return {kind: (right[kind] / max(1, masks[kind]), right[kind] / planted[kind]) for kind in KINDS}
