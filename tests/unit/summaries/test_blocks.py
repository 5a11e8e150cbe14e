from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd

from obs_lib.models.vectors import text_hash
from obs_lib.stats.exchange_sums import BLOCKS, exchange_sums, unpack
from obs_lib.stats.word_sums import WORDS, unpack_words
from obs_lib.summaries import blocks
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.sketches import Sketch

Maker = Callable[..., pd.DataFrame]


def unit(text: str) -> np.ndarray:
    row = np.random.default_rng(zlib.crc32(text.encode())).normal(size=8)
    return np.asarray(row / np.linalg.norm(row))


def vectors(*texts: str) -> dict[str, bytes]:
    return {text_hash(text): unit(text).astype("<f2").tobytes() for text in texts}


def segments(frame: pd.DataFrame) -> Segments:
    return Segments(frame["tags"], ("route",), 20)


def exchanges(frame: pd.DataFrame, known: dict[str, bytes]) -> list[Sketch]:
    responses, where = Texts(frame["response"]), blocks.blocks_of(frame)
    return list(blocks.exchanges(frame, responses, where, known, "encoder", segments(frame)))


def words(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    found = blocks.words(Texts(frame["response"]), blocks.blocks_of(frame), segments(frame))
    return {segment: unpack_words(payload) for _, segment, _, _, payload in found}


def test_rows_of_a_user_are_in_one_block_else_those_of_a_session(interactions: Maker) -> None:
    frame = interactions(
        {"user_id": "ann", "session_id": "1"},
        {"user_id": "ann", "session_id": "2"},
        {"session_id": "3"},
        {"session_id": "3"},
        *({} for _ in range(200)),
    )
    found = blocks.blocks_of(frame)
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert set(found[4:].tolist()) == set(range(BLOCKS))
    again = interactions({"user_id": "bob"}, {"user_id": "ann"})
    assert blocks.blocks_of(again)[1] == found[0]


def test_exchanges_are_those_whose_prompt_and_answer_have_vectors(interactions: Maker) -> None:
    frame = interactions(
        {"prompt": "a", "response": "x", "tags": '{"route":"r"}'},
        {"prompt": "b", "response": "y"},
        {"prompt": "a", "response": "not encoded"},
        {"prompt": "not encoded", "response": "x"},
        {"prompt": "a"},
    )
    found = exchanges(frame, vectors("a", "b", "x", "y"))
    assert [(kind, segment, key, n) for kind, segment, key, n, _ in found] == [
        ("exchanges", "all", "encoder", 2),
        ("exchanges", "route=r", "encoder", 1),
    ]
    pairs = [np.array([unit(text) for text in texts]) for texts in ("ab", "xy")]
    expected, sums = exchange_sums(*pairs, blocks.blocks_of(frame)[:2]), unpack(found[0][-1])
    for name in ("counts", "topics", "prompts", "answers", "products"):
        np.testing.assert_allclose(getattr(sums, name), getattr(expected, name), atol=2e-3)


def test_without_vectors_there_are_no_exchanges(interactions: Maker) -> None:
    assert exchanges(interactions({"prompt": "a", "response": "x"}), vectors("a")) == []
    assert exchanges(interactions({"prompt": "a", "response": "x"}).iloc[:0], {}) == []


def test_words_are_counted_by_hash_and_block(interactions: Maker) -> None:
    rows = [
        {"user_id": f"u{n % 5}", "response": f"Word{n % 7} and, WORD{n % 3}", "tags": f'{{"route":"{n % 2}"}}'}
        for n in range(40)
    ]
    frame = interactions(*rows, {})
    found, where = words(frame), blocks.blocks_of(frame)
    assert set(found) == {"all", "route=0", "route=1"}
    expected: Counter[tuple[int, int]] = Counter()
    for n in range(40):
        for token in (f"word{n % 7}", "and", ",", f"word{n % 3}"):
            expected[where[n], zlib.crc32(token.encode()) % WORDS] += 1
    assert {(int(b), int(w)): int(found["all"][b, w]) for b, w in np.argwhere(found["all"])} == expected
    np.testing.assert_array_equal(found["route=0"] + found["route=1"], found["all"])


def test_texts_are_read_in_parts(interactions: Maker, monkeypatch: object) -> None:
    frame = interactions(*({"response": f"t{n} t{n % 4}", "prompt": f"p{n}"} for n in range(25)))
    known = vectors(*(f"p{n}" for n in range(25)), *(f"t{n} t{n % 4}" for n in range(25)))
    whole, sums = words(frame)["all"], unpack(exchanges(frame, known)[0][-1])
    monkeypatch.setattr(blocks, "_AT_ONCE", 7)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(words(frame)["all"], whole)
    np.testing.assert_allclose(unpack(exchanges(frame, known)[0][-1]).products, sums.products, atol=1e-6)
