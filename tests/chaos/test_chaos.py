"""A few attacks of each kind; `make chaos` plays hundreds, from seeds that it prints."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from obs_lib.samples.generate import write_samples
from tests.chaos.attacks import ATTACKS, NIGHTS, Scene, made, store_fails
from tests.chaos.run import Result, table, updated
from tests.clients import s3
from tests.clients.s3 import S3

pytestmark = pytest.mark.slow
FEW = range(2)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("chaos")
    write_samples(folder / "logs", NIGHTS[0], len(NIGHTS), per_route=6)
    return made(folder / "alone", folder / "logs")


@pytest.fixture(scope="module")
def store() -> Iterator[S3]:
    with s3.serving() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "127.0.0.1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("OBS_CONNECTION_STORE", server.connection)
        server.make_bucket("bucket")
        yield server


@pytest.mark.parametrize("seed", FEW)
@pytest.mark.parametrize("name", ATTACKS)
def test_the_lake_ends_as_if_it_had_been_left_alone(scene: Scene, tmp_path: Path, name: str, seed: int) -> None:
    ATTACKS[name](scene, tmp_path / "attacked", random.Random(seed))


@pytest.mark.server
def test_so_does_a_lake_in_a_store_that_fails(scene: Scene, tmp_path: Path, store: S3) -> None:
    store_fails(scene, tmp_path / "attacked", random.Random(0), store)


def test_the_page_holds_the_table(checkout: Path) -> None:
    page = (checkout / "docs" / "reliability.md").read_text(encoding="utf-8")
    again = updated(page, [Result("one attack", 3, 7, [8], 6.0)])
    assert table([Result("one attack", 3, 7, [8], 6.0)]) in again
    assert updated(again, [Result("one attack", 3, 7, [8], 6.0)]) == again
