"""A lake in a bucket: the same night, the same digests, maintenance, and no work of another writer lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from obs_lib.cli.app import app
from obs_lib.connections import Connection
from obs_lib.errors import LakeError
from obs_lib.lake.lake import Lake
from obs_lib.lake.maintenance import sizes
from obs_lib.lake.options import LakeOptions
from obs_lib.lake.tables import ALERTS, INTERACTIONS, OPERATIONS, SCORES
from obs_lib.pipeline.forget import forget
from obs_lib.pipeline.maintain import maintain
from obs_lib.pipeline.migrate import migrate
from obs_lib.pipeline.workspace import Workspace
from obs_lib.samples.generate import write_samples
from tests.clients import s3
from tests.clients.s3 import S3
from tests.unit.pipeline.lakes import DAYS, PERSON, add_person, digests, pages, run, workspace
from tests.unit.pipeline.old_lake import DAYS as OLD_DAYS
from tests.unit.pipeline.old_lake import copy_of, unpack

pytestmark = [pytest.mark.server, pytest.mark.slow]
RUN = DAYS[:1]
FEW = {"scoring": {"evaluators": ["format"]}, "retention": {"vacuum_hours": 24}}
LATER = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
IN_BUCKET = {"root": "s3://bucket/lake", "files": "files", "connection": "store"}


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with s3.serving() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "127.0.0.1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("OBS_CONNECTION_STORE", server.connection)
        server.make_bucket("bucket")
        yield server


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few interactions; one person asks on the first day."""
    folder = tmp_path_factory.mktemp("logs")
    write_samples(folder / "all", DAYS[0], 3, per_route=4)
    return add_person(folder / "all", folder / "with")


@pytest.fixture(scope="module")
def there(server: S3, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A finished lake in the bucket."""
    return run(workspace(tmp_path_factory.mktemp("there"), logs, **FEW, lake=IN_BUCKET), RUN)


@pytest.fixture(scope="module")
def here(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The same in a folder."""
    return run(workspace(tmp_path_factory.mktemp("here"), logs, **FEW), RUN)


def test_a_night_gives_the_same_in_a_bucket_as_in_a_folder(there: Workspace, here: Workspace) -> None:
    assert digests(there) == digests(here) != {}
    assert pages(there) == pages(here) != {}
    assert there.lake.read(INTERACTIONS, RUN).equals(here.lake.read(INTERACTIONS, RUN))


def test_of_two_writers_who_saw_the_same_version_one_must_try_again(there: Workspace) -> None:
    from deltalake import write_deltalake
    from deltalake.exceptions import CommitFailedError

    one, two = there.lake.open(INTERACTIONS), there.lake.open(INTERACTIONS)
    assert one is not None
    assert two is not None
    rows = there.lake.rows(INTERACTIONS, [RUN[0]])
    write_deltalake(one, rows, mode="overwrite", predicate=f"day = '{RUN[0]}'")
    with pytest.raises(CommitFailedError):
        write_deltalake(two, rows, mode="overwrite", predicate=f"day = '{RUN[0]}'")


def test_maintenance_changes_nothing_that_is_read(there: Workspace) -> None:
    before = digests(there)
    for n in range(3):
        there.lake.log("failure", f"{n}", "FAILED")
    foretold = maintain(there, now=LATER, dry_run=True)
    assert ("join", OPERATIONS.name) in {(step.step, step.table) for step in foretold}
    files = {one.table: one.files for one in sizes(there.lake)}
    maintain(there, now=LATER)
    assert {one.table: one.files for one in sizes(there.lake)}[OPERATIONS.name] < files[OPERATIONS.name]
    assert digests(there) == before


def test_the_command_does_it_too(there: Workspace) -> None:
    config = there.lake.files.parent / "obs.yaml"
    done = CliRunner().invoke(app, ["maintain", "--dry-run", "--config", str(config)])
    assert done.exit_code == 0, done.output


@pytest.mark.long
def test_a_person_is_erased_from_every_object(server: S3, there: Workspace, here: Workspace) -> None:
    removed = forget(there, "user", PERSON)
    assert removed == forget(here, "user", PERSON) != []
    assert digests(there) == digests(here)
    listed = server.client.get_paginator("list_objects_v2").paginate(Bucket="bucket")
    names = [item["Key"] for page in listed for item in page["Contents"]]
    bodies = {name: server.client.get_object(Bucket="bucket", Key=name)["Body"].read() for name in names}
    assert [name for name, body in bodies.items() if PERSON.encode() in body or b"zyxomma" in body] == []
    assert any(b"request_id" in body for body in bodies.values())


@pytest.mark.parametrize("away", [False, True])
def test_a_store_that_refuses_is_told_without_secrets(server: S3, tmp_path: Path, away: bool) -> None:
    address = S3("http://127.0.0.1:1").connection + "&max_retries=0&retry_timeout=1s" if away else server.connection
    options = LakeOptions(root="s3://nowhere/lake", files=str(tmp_path), connection="store")
    lake = Lake(options, lambda _: Connection.from_uri(address))
    with pytest.raises(LakeError) as caught:
        lake.log("failure", "x", "FAILED")
    assert s3.SECRET not in str(caught.value)
    assert s3.KEY not in str(caught.value)


def test_a_lake_of_an_earlier_release_comes_over_as_in_a_folder(server: S3, tmp_path: Path) -> None:
    old = unpack(tmp_path / "old")
    for path in (old / "lake").rglob("*"):
        name = path.relative_to(old / "lake")
        if path.is_file() and name.parts[0] != "files":
            server.client.put_object(Bucket="bucket", Key=f"old/{name}", Body=path.read_bytes())
    here = copy_of(old, tmp_path / "here")
    there = copy_of(old, tmp_path / "there", lake={**IN_BUCKET, "root": "s3://bucket/old"})
    assert migrate(there.lake) == migrate(here.lake) != []
    assert digests(there) == digests(here) != {}
    for table in (SCORES, ALERTS):
        assert there.lake.read(table, OLD_DAYS).equals(here.lake.read(table, OLD_DAYS))
    assert migrate(there.lake) == []
    there.lake.log("failure", "after it", "FAILED")
    maintain(there, now=LATER)
    assert digests(there) == digests(here)
