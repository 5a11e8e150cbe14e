from __future__ import annotations

import pandas as pd

from obs_lib.summaries.segments import Segments, sliced_by


def column(*texts: str | None) -> pd.Series:
    return pd.Series(list(texts), dtype="str")


def test_segments_are_everything_and_each_value_of_the_named_tags() -> None:
    tags = column(
        '{"route":"a","x":1}', None, '{"route":"b","beta":true}', '{"route":"a","beta":false}', "[]", "broken"
    )
    found = {name: rows.tolist() for name, rows in Segments(tags, ("route", "beta"), 20)}
    assert found == {
        "all": [0, 1, 2, 3, 4, 5],
        "beta=false": [3],
        "beta=true": [2],
        "route=a": [0, 3],
        "route=b": [2],
    }


def test_only_the_largest_are_kept_and_of_equal_ones_the_first_by_name() -> None:
    tags = column(*(f'{{"u":"{name}"}}' for name in "cbbaaadd"))
    assert [name for name, _ in Segments(tags, ("u",), 2)] == ["all", "u=a", "u=b"]
    assert [name for name, _ in Segments(tags, ("u",), 0)] == ["all"]


def test_cells_part_the_rows_by_their_segments() -> None:
    tags = column('{"r":"a","s":"x"}', '{"r":"a"}', None, '{"r":"a","s":"x","z":1}')
    segments = Segments(tags, ("r", "s"), 20)
    assert {names: rows.tolist() for names, rows in segments.cells()} == {
        ("all",): [2],
        ("all", "r=a"): [1],
        ("all", "r=a", "s=x"): [0, 3],
    }
    assert segments.route(0) == "r=a, s=x"
    assert segments.route(2) == ""


def test_no_rows_are_one_empty_segment() -> None:
    assert [(name, len(rows)) for name, rows in Segments(column(), ("r",), 20)] == [("all", 0)]


def test_languages_slice_beside_tags_and_take_the_place_of_a_tag_of_their_name() -> None:
    rows = pd.DataFrame(
        {
            "tags": ['{"route": "a", "response_language": "of the log"}', None, '{"route": "a"}', "{}"],
            "prompt_language": ["en", None, "de", None],
            "response_language": ["de", "de", None, None],
        },
        dtype=object,
    )
    names = ("route", "response_language")
    found = {name: at.tolist() for name, at in Segments(sliced_by(rows, names), names, 20)}
    assert found == {"all": [0, 1, 2, 3], "response_language=de": [0, 1], "route=a": [0, 2]}
    assert sliced_by(rows, ("route",)).equals(rows["tags"])
    assert [name for name, _ in Segments(sliced_by(rows, ("prompt_language",)), ("prompt_language",), 20)] == [
        "all",
        "prompt_language=de",
        "prompt_language=en",
    ]
