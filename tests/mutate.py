"""Damaged lines from whole ones: what a reader of logs must survive, whatever the format.

Half of the damage is done to bytes (flips, cuts, doubled stretches), half to nodes of the JSON, which stays JSON: other
types, absent and renamed keys, huge numbers, lone surrogates, deep nesting.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

_DEEP = "\uf8ff deep \uf8ff"
_DEPTHS = (70, 900, 20_000)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**63, -(2**70), 10**30, 10**400, 0.5, -1e308, float("nan"), float("inf")),
    *("", "x", "\x00", "\ud800", "ok \udc00\ud83e", "\u202e\u2066", "\N{THINKING FACE}" * 200),
    *("9" * 30, "9" * 5000, "-1", "1e999"),
    *("0" * 32, "NaN", "true", "null", "{", "[" * 3000, '{"a": [', "[1, 2]", '{"role": "user", "content": "\\ud800"}'),
    *(
        [],
        {},
        [None],
        [[]],
        [{}],
        {"": None},
        {"stringValue": 5},
        {"intValue": "x"},
        {"arrayValue": {"values": 3}},
        _DEEP,
    ),
)


def mutations(lines: list[bytes], n: int, seed: int) -> Iterator[bytes]:
    """n damaged lines, without line breaks; the same ones for the same lines and seed."""
    chance = random.Random(seed)
    for _ in range(n):
        line = chance.choice(lines)
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            line = chance.choice((_bytes, _nodes))(line, chance)
        yield line.replace(b"\n", b" ").replace(b"\r", b" ")


def _bytes(line: bytes, chance: random.Random) -> bytes:
    if not line:
        return chance.choice((b"", b"{}", b"[]", b"null", b"\xff\xfe"))
    at, to = sorted((chance.randrange(len(line)), chance.randrange(len(line))))
    to = min(to, at + 200)
    damages: tuple[Callable[[], bytes], ...] = (
        lambda: line[:at] + bytes([line[at] ^ (1 << chance.randrange(8))]) + line[at + 1 :],
        lambda: line[:at] + chance.randbytes(3) + line[at + 3 :],
        lambda: line[:at],
        lambda: line[at:],
        lambda: line[:at] + line[to:],
        lambda: line[:to] + line[at:to] + line[to:],
        lambda: line[:at] + chance.choice((b"\\ud83d", b"\\u0000", b'"', b"{", b"]", b",")) + line[at:],
    )
    return chance.choice(damages)()


def _nodes(line: bytes, chance: random.Random) -> bytes:
    try:
        tree = json.loads(line)
    except (ValueError, RecursionError):
        return _bytes(line, chance)
    root = {"": tree}
    _damage(*_place(root, chance), chance)
    try:
        text = json.dumps(root[""])
    except (ValueError, RecursionError):
        return _bytes(line, chance)
    if json.dumps(_DEEP) in text:
        depth = chance.choice(_DEPTHS)
        left, right = chance.choice((("[", "]"), ('{"a":', "}"), ('{"arrayValue":{"values":[', "]}}")))
        text = text.replace(json.dumps(_DEEP), left * depth + "1" + right * depth)
    return text.encode()


def _place(root: dict[str, Any], chance: random.Random) -> tuple[Any, Any]:
    """A container and a key in it, down to a random depth."""
    parent, key = root, ""
    while chance.random() < 0.9:
        child = parent[key]
        if not isinstance(child, (dict, list)) or not child:
            break
        parent, key = child, chance.choice(list(child) if isinstance(child, dict) else range(len(child)))
    return parent, key


def _damage(parent: Any, key: Any, chance: random.Random) -> None:
    match chance.randrange(6):
        case 0 | 1:
            parent[key] = chance.choice(_VALUES)
        case 2:
            parent[key] = chance.choice(([parent[key]], {"a": parent[key]}, json.dumps(parent[key]), [parent[key]] * 3))
        case 3 if isinstance(parent, dict) and key:
            parent[chance.choice((key.upper(), key + "s", "", "\ud800", "content"))] = parent.pop(key)
        case 4 if key != "":
            del parent[key]
        case _:
            value = parent[key]
            if isinstance(value, str):
                parent[key] = chance.choice((value[: len(value) // 2], value + value, value[::-1], len(value)))
            elif isinstance(value, (int, float)):
                parent[key] = chance.choice((-value, str(value), value * 10**20, [value]))
            else:
                parent[key] = chance.choice(_VALUES)
