"""What formats declare that they can give is what they give: the table in docs/formats.md is made from it."""

from __future__ import annotations

import pytest

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.sources.entries import Rejected, Row
from obs_lib.sources.formats.base import FOUND_OUT
from obs_lib.sources.formats.loading import format_class
from obs_lib.sources.formats.registry import BUNDLED, extension
from obs_lib.sources.validate import Limits, check
from tests.unit.sources.formats.format_samples import samples
from tests.unit.sources.formats.test_export_variants import read

CLASSES = {name: format_class(named) for name in BUNDLED if (named := extension(name)) is not None}
OF_CALLS = [name for name, kind in CLASSES.items() if INTERACTIONS in kind.tables]


@pytest.fixture(scope="module")
def given() -> dict[str, set[str]]:
    """By format: the fields that any of its samples has."""
    return {
        name: {field for group in groups for field in fields_given(name, group)} for name, groups in samples().items()
    }


def fields_given(name: str, group: list[dict[str, object]]) -> set[str]:
    """The fields that any interaction has which a format reads in entries."""
    fields: set[str] = set()
    for item in read(name, *group):
        if isinstance(item, Row) and item.table is INTERACTIONS:
            try:
                record = check(item.table, item.fields, Limits(naive_is_utc=True))
            except Rejected:
                continue
            fields |= {field for field, value in record.items() if value not in (None, "[]", "{}")}
    return fields


@pytest.mark.parametrize("name", OF_CALLS)
def test_a_format_gives_what_it_declares_and_nothing_else(name: str, given: dict[str, set[str]]) -> None:
    assert given[name] - FOUND_OUT == CLASSES[name].fields


def test_fields_are_columns_that_a_log_can_say() -> None:
    for kind in CLASSES.values():
        assert kind.fields <= set(INTERACTIONS.names) - FOUND_OUT
        assert bool(kind.fields) == (INTERACTIONS in kind.tables)
