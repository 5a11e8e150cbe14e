"""Long texts in pieces that an encoder reads whole."""

from __future__ import annotations

from itertools import pairwise

from obs_lib.text import Span, sentences

PIECE = 1000
"""Characters behind one reading of the encoder: about what it takes of English prose before it cuts (256 tokens)."""
READ = 4
"""Pieces of a text whose mean is its vector. A bound for the work: prompts may bring whole documents with them."""


def pieces(text: str, limit: int) -> list[Span]:
    """The text itself when it is short; else whole sentences of its first `limit` characters, up to PIECE together.

    >>> [len(piece.text) for piece in pieces("It rained all day. " * 100, 1500)]
    [987, 513]
    """
    if len(text) <= PIECE:
        return [Span(0, len(text), text)]
    text = text[:limit]
    cuts = [0]
    last = 0
    for span in sentences(text):
        if span.end - cuts[-1] > PIECE and last > cuts[-1]:
            cuts.append(last)
        last = span.end
    cuts.append(len(text))
    return [Span(a, b, text[a:b]) for a, b in pairwise(cuts) if b > a]


def behind_vector(text: str) -> list[str]:
    """The pieces that a text's vector is the mean of, each counting by its length: itself when it is short."""
    return [piece.text for piece in pieces(text, (READ + 1) * PIECE)[:READ]]
