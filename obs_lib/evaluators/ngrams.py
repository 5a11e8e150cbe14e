"""A linear model over hashed n-grams of words and letters: what is said word by word, which one vector of a text blurs.

Words keep their order over three (`not hate`), letters see through spelling (`f*ck`, `looooser`). No vocabulary is kept:
an n-gram's weight stands where its hash says (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask
Learning", without the signed kernel: collisions are few among the weights that matter).
"""

from __future__ import annotations

import base64
import re
import unicodedata
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

BITS = 17
WORD_SIZES = (1, 2, 3)
LETTER_SIZES = (3, 4, 5)
_TOKEN = re.compile(r"[\w@$*][\w@$*'-]*|[\"?!:]")
_REPEATED = re.compile(r"(.)\1{2,}")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"'})
_LEET = str.maketrans("013457@$", "oieastas")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


@dataclass(frozen=True)
class Ngrams:
    """log-odds = bias + weights . features, with `weights` of shape (2 ** BITS,)."""

    weights: np.ndarray
    bias: float

    def logit(self, words: list[str], text: str) -> float:
        """For one text; `words` as `tokens` gives them, or with some replaced by the name of their class."""
        places, values = features(words, text)
        return self.bias + float(np.sum(self.weights[places] * values))


def tokens(text: str) -> list[str]:
    """Lower-case words in order, digits for letters undone inside them, and the marks that quote, ask, shout or announce.

    >>> tokens("You 1d10t! “Hi”")
    ['you', 'idiot', '!', '"', 'hi', '"']
    """
    pieces = _TOKEN.findall(plain(text))
    return [_unmask(word) for word in pieces]


def plain(text: str) -> str:
    """Compatibility forms, lower case, straight quotes, and no letter more than twice in a row."""
    return _REPEATED.sub(r"\1\1", unicodedata.normalize("NFKC", text).lower().translate(_PLAIN))


def features(words: list[str], text: str) -> tuple[np.ndarray, np.ndarray]:
    """Places (distinct, sorted) below 2 ** BITS and values: 1 + log of the count, each of both kinds of length 1."""
    hashes = np.array([zlib.crc32(word.encode("utf-8", "replace")) for word in words], dtype=np.uint64)
    by_word = np.concatenate([_grams(hashes, size, salt=size) for size in WORD_SIZES])
    letters = np.frombuffer((" " + " ".join(plain(text).split()) + " ").encode("utf-32-le", "replace"), "<u4")
    by_letter = np.concatenate([_within_words(letters, size) for size in LETTER_SIZES])
    halves = [_counted(by_word), _counted(by_letter)]
    places = np.concatenate([place for place, _ in halves])
    values = np.concatenate([value for _, value in halves])
    distinct, where = np.unique(places, return_inverse=True)
    return distinct, np.bincount(where, weights=values, minlength=len(distinct))


def _unmask(word: str) -> str:
    mixed = any(c.isalpha() for c in word) and any(c in "013457@$" for c in word)
    return word.translate(_LEET) if mixed else word


def _grams(codes: np.ndarray, size: int, salt: int) -> np.ndarray:
    """The place of each run of `size` codes."""
    count = max(len(codes) - size + 1, 0)
    mixed = np.full(count, salt, dtype=np.uint64)
    for k in range(size):
        mixed = (mixed ^ codes[k : k + count].astype(np.uint64)) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    return ((mixed * _MIX) >> np.uint64(64 - BITS)).astype(np.int64)


def _within_words(letters: np.ndarray, size: int) -> np.ndarray:
    """Runs of letters that hold a space at an end only."""
    places = _grams(letters, size, salt=100 + size)
    spaces = np.concatenate([[0], np.cumsum(letters == ord(" "))])
    inner = spaces[size - 1 : size - 1 + len(places)] - spaces[1 : 1 + len(places)]
    return np.asarray(places[inner == 0])


def _counted(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    distinct, counts = np.unique(places, return_counts=True)
    values = 1.0 + np.log(counts)
    return distinct, values / np.sqrt(max(float(np.sum(values**2)), 1.0))


def pack(weights: np.ndarray, bias: float) -> dict[str, Any]:
    """For a file: a byte a weight, the largest being 127."""
    scale = float(f"{max(float(np.abs(weights).max()), 1e-9) / 127:.6g}")
    small = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
    packed = base64.b85encode(zlib.compress(small.tobytes(), 9)).decode()
    return {"bits": BITS, "scale": scale, "bias": float(f"{bias:.6g}"), "weights": packed}


def unpack(data: dict[str, Any]) -> Ngrams:
    """What `pack` wrote. ValueError where it is of another size."""
    inflater = zlib.decompressobj()
    raw = inflater.decompress(base64.b85decode(data["weights"]), 2**BITS + 1)
    if data["bits"] != BITS or len(raw) != 2**BITS:
        raise ValueError(f"n-gram weights of {BITS} bits, got {data['bits']} and {len(raw)} weights")
    return Ngrams(np.frombuffer(raw, np.int8).astype(np.float64) * float(data["scale"]), float(data["bias"]))
