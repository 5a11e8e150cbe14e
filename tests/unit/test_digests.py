"""A digest names content: the same rows give the same name however they are laid out, other rows give another."""

from __future__ import annotations

import io
import random
from functools import partial
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.digests import digest_of
from obs_lib.lake.digests import digest_of_rows
from obs_lib.lake.rows import Rows

SCHEMA = pa.schema(
    [("k", pa.int64()), ("text", pa.string()), ("x", pa.float64()), ("b", pa.binary()), ("f", pa.bool_())]
)
rows_of_text = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | st.text(max_size=5),
            "x": st.none() | st.floats(allow_nan=False),
            "b": st.none() | st.binary(max_size=4),
            "f": st.none() | st.booleans(),
        }
    ),
    max_size=8,
)


def table(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist([{"k": n, **row} for n, row in enumerate(rows)], schema=SCHEMA)


def digest(rows: pa.Table) -> str:
    return digest_of_rows(Rows.of(rows))


@given(rows_of_text, st.randoms(use_true_random=False))
def test_chunks_and_a_trip_through_a_file_change_nothing(rows: list[dict[str, object]], order: random.Random) -> None:
    plain = table(rows)
    cuts = sorted(order.choices(range(len(rows) + 1), k=3))
    chunked = pa.concat_tables([plain.slice(a, b - a) for a, b in pairwise([0, *cuts, len(rows)])])
    file = io.BytesIO()
    pq.write_table(chunked, file, row_group_size=2)
    read = pq.read_table(io.BytesIO(file.getvalue())).cast(SCHEMA)
    assert {digest(each) for each in (plain, chunked, read)} == {digest(plain)}


def test_batches_of_any_size_give_the_same_name_beyond_one_block() -> None:
    """More rows than a block holds, cut in other places."""
    many = pa.table({"k": range(10_000), "text": [f"t{n}" if n % 7 else None for n in range(10_000)]})
    names = {
        digest_of_rows(Rows(many.schema, 10_000, partial(iter, many.to_batches(size)))) for size in (1000, 4096, 9999)
    }
    assert len(names) == 1
    assert digest(many.slice(0, 9_999)) not in names


@given(rows_of_text, rows_of_text)
def test_other_rows_have_another_name(one: list[dict[str, object]], other: list[dict[str, object]]) -> None:
    same = table(one).equals(table(other))
    assert (digest(table(one)) == digest(table(other))) == same


def test_a_null_is_neither_empty_nor_zero() -> None:
    absent = table([{"text": None, "x": None, "b": None, "f": None}])
    empty = table([{"text": "", "x": 0.0, "b": b"", "f": False}])
    assert digest(absent) != digest(empty)


def test_text_does_not_run_over_the_edge_of_its_cell() -> None:
    assert digest(table([{"text": "ab"}, {"text": "c"}])) != digest(table([{"text": "a"}, {"text": "bc"}]))
    assert digest_of("ab", "c") != digest_of("a", "bc")
