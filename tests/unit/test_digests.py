"""A digest names content: the same rows give the same name however they are laid out, other rows give another."""

from __future__ import annotations

import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.digests import digest_of, digest_of_table

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


@given(rows_of_text, st.randoms(use_true_random=False))
def test_row_order_chunks_and_a_trip_through_a_file_change_nothing(
    rows: list[dict[str, object]], order: random.Random
) -> None:
    plain = table(rows)
    shuffled = plain.take(pa.array(order.sample(range(plain.num_rows), plain.num_rows), pa.int64()))
    chunked = pa.concat_tables([shuffled.slice(0, 2), shuffled.slice(2)])
    file = io.BytesIO()
    pq.write_table(chunked, file)
    read = pq.read_table(io.BytesIO(file.getvalue())).cast(SCHEMA)
    assert {digest_of_table(each, ("k",)) for each in (plain, shuffled, chunked, read)} == {
        digest_of_table(plain, ("k",))
    }


@given(rows_of_text, rows_of_text)
def test_other_rows_have_another_name(one: list[dict[str, object]], other: list[dict[str, object]]) -> None:
    same = table(one).equals(table(other))
    assert (digest_of_table(table(one), ("k",)) == digest_of_table(table(other), ("k",))) == same


def test_a_null_is_neither_empty_nor_zero() -> None:
    absent = table([{"text": None, "x": None, "b": None, "f": None}])
    empty = table([{"text": "", "x": 0.0, "b": b"", "f": False}])
    assert digest_of_table(absent, ("k",)) != digest_of_table(empty, ("k",))


def test_text_does_not_run_over_the_edge_of_its_cell() -> None:
    assert digest_of_table(table([{"text": "ab"}, {"text": "c"}]), ("k",)) != digest_of_table(
        table([{"text": "a"}, {"text": "bc"}]), ("k",)
    )
    assert digest_of("ab", "c") != digest_of("a", "bc")
