from __future__ import annotations

import datetime as dt
import zlib

import numpy as np
import pytest
from scipy.stats import chi2, ncx2

from obs_lib.catalogue.distances import TOKEN_KL
from obs_lib.drift.kl import Tokens, decode, token_kl
from obs_lib.stats.divergences import kl_divergence
from obs_lib.stats.exchange_sums import BLOCKS
from obs_lib.stats.word_sums import WORDS
from tests.unit.drift.conftest import in_blocks

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(10)]
WORDS_USED = 600
ZIPF = 1 / np.arange(1, WORDS_USED + 1)
ZIPF = ZIPF / ZIPF.sum()
PLACES = np.arange(WORDS_USED) % WORDS


def tokens(day: dt.date, counts: dict[str, int], answers: int | None = None) -> Tokens:
    return Tokens(day, counts, in_blocks(counts, day.day).astype(np.float64), answers)


def clumped(rng: np.random.Generator, index: int, answers: int, words: np.ndarray = ZIPF) -> Tokens:
    """A day whose answers keep to a topic: 40 tokens each, from a Dirichlet draw around the common frequencies."""
    topics = rng.gamma(words * 100, size=(answers, WORDS_USED)) + 1e-12
    each = rng.multinomial(40, topics / topics.sum(axis=1, keepdims=True))
    counts, blocks = each.sum(axis=0), np.zeros((BLOCKS, WORDS))
    np.add.at(blocks, (rng.integers(0, BLOCKS, answers)[:, None], PLACES[None]), each)
    return Tokens(DAYS[index], {f"w{n}": int(count) for n, count in enumerate(counts) if count}, blocks, answers)


def test_token_kl_is_the_divergence_from_the_pooled_window() -> None:
    window = [tokens(DAYS[0], {"a": 20, "b": 20, "c": 5}), tokens(DAYS[1], {"a": 20, "b": 20, "c": 5, "d": 10})]
    found = token_kl("all", tokens(DAYS[2], {"a": 50, "b": 30, "c": 20}), window)
    assert found.statistic == pytest.approx(0.1440011138, abs=1e-10)
    assert (found.n_current, found.n_baseline) == (100, 100)
    assert found.note == "Jensen-Shannon 0.071 bits, PSI 0.414"
    assert found.baseline_days == (DAYS[0], DAYS[1])


def test_equal_days_are_no_drift_and_give_finite_numbers() -> None:
    window = [tokens(day, {"a": 500, "b": 500}) for day in DAYS[:4]]
    same = token_kl("all", tokens(DAYS[4], {"a": 500, "b": 500}), window)
    assert same.p_value is not None
    assert same.p_value >= 0.05
    other = token_kl("all", tokens(DAYS[4], {"a": 900, "b": 100}), window)
    assert other.p_value is not None
    assert 0 < other.p_value < 1e-3
    assert all(np.isfinite([other.statistic, other.null_mean, other.null_high, other.effect]))  # type: ignore[list-item]


@pytest.mark.parametrize("b", [3, 5, 7])
def test_false_alarms_stay_rare_with_answers_that_clump(b: int) -> None:
    rng = np.random.default_rng(10 + b)
    p = []
    for _ in range(40):
        window = [clumped(rng, n, 60) for n in range(b)]
        p.append(token_kl("all", clumped(rng, b, int(rng.choice([20, 60, 120]))), window).p_value)
    assert (
        np.mean(np.array(p, dtype=float) < 0.05) <= 0.125
    )  # five of forty; docs/statistics.md has the figures of thousands


def test_a_fall_in_traffic_is_no_drift() -> None:
    rng = np.random.default_rng(7)
    window = [clumped(rng, n, 120) for n in range(5)]
    quiet = token_kl("all", clumped(rng, 5, 15), window)
    assert quiet.statistic is not None
    assert quiet.null_high is not None
    assert quiet.statistic < quiet.null_high
    # The bare figure would have cried wolf: it stands far above what full days show.
    full = token_kl("all", clumped(rng, 5, 120), window)
    assert full.null_high is not None
    assert quiet.statistic > 2 * full.null_high


@pytest.mark.parametrize(("b", "p"), [(3, 0.01), (5, 1e-3), (7, 1e-4)])
def test_another_vocabulary_is_seen(b: int, p: float) -> None:
    rng = np.random.default_rng(b)
    shifted = ZIPF.copy()
    shifted[:40] = ZIPF[:40][::-1]
    found = token_kl("all", clumped(rng, b, 60, shifted), [clumped(rng, n, 60) for n in range(b)])
    assert found.p_value is not None
    assert found.p_value < p
    assert found.effect is not None
    assert found.effect > 0.3


VOCABULARY, MOVED, ONTO = 50_000, 0.001, 100
BASE = np.full(VOCABULARY, 1 / VOCABULARY)
SHIFTED = np.where(np.arange(VOCABULARY) < ONTO, BASE + MOVED / ONTO, BASE - MOVED / (VOCABULARY - ONTO))


def test_a_thousandth_moved_in_a_large_vocabulary_is_lost_in_what_chance_gives() -> None:
    """A day of 20,000 words, as much as 400 answers: the bare divergence is huge on every day, and no larger than its null."""
    rng, places = np.random.default_rng(3), np.arange(VOCABULARY) % WORDS

    def day(index: int, words: np.ndarray) -> Tokens:
        blocks, each = np.zeros((BLOCKS, WORDS)), rng.multinomial(20_000 // BLOCKS, words, size=BLOCKS)
        np.add.at(blocks, (np.arange(BLOCKS)[:, None], places[None]), each)
        return Tokens(DAYS[index], {f"w{n}": int(n_of) for n, n_of in enumerate(each.sum(axis=0)) if n_of}, blocks, 400)

    found = token_kl("all", day(7, SHIFTED), [day(n, BASE) for n in range(7)])
    assert found.statistic is not None
    assert found.statistic > 1000 * kl_divergence(SHIFTED, BASE, smoothing=0)
    assert found.effect is not None
    assert found.effect < TOKEN_KL.smallest_effect
    assert found.p_value is not None
    assert found.p_value > 0.01


@pytest.mark.parametrize(("words", "tokens_a_side"), [(VOCABULARY, 3_920_000), (2, 40_000)])
def test_how_many_words_would_show_it(words: int, tokens_a_side: int) -> None:
    """Chi-squared at 5% and 80% power: four million words a side over all of them, forty thousand if one knew the hundred."""
    cells = (BASE, SHIFTED) if words == VOCABULARY else tuple([p[:ONTO].sum(), p[ONTO:].sum()] for p in (BASE, SHIFTED))
    p, q = map(np.asarray, cells)
    off_centre = tokens_a_side * np.sum((p - q) ** 2 / (p + q))
    power = ncx2.sf(chi2.ppf(0.95, words - 1), words - 1, off_centre)
    assert power == pytest.approx(0.8, abs=0.02)


def test_a_payload_is_compressed_json() -> None:
    assert decode(zlib.compress(b'{"a": 3, "\\u0000other": 1}')) == {"a": 3, "\x00other": 1}
