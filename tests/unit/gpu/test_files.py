from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from obs_lib.errors import ConfigError, ObsError
from obs_lib.gpu.files import DailyFiles

DAY = dt.date(2024, 3, 1)


@pytest.fixture
def messages() -> list[str]:
    return []


@pytest.fixture
def blocked(tmp_path: Path) -> Callable[[bool], None]:
    """Puts a folder where the day's file should be, so that it cannot be opened, and takes it away."""
    place = tmp_path / f"{DAY}.a.jsonl"

    def block(on: bool) -> None:
        place.mkdir() if on else place.rmdir()

    return block


def test_rows_wait_while_nothing_can_be_written_and_come_in_order(
    tmp_path: Path, messages: list[str], blocked: Callable[[bool], None]
) -> None:
    files = DailyFiles(tmp_path, "a", messages.append)
    blocked(True)
    for n in range(3):
        files.write(DAY, [b"%d\n" % n])
    assert messages == ["rows cannot be written (Is a directory): keeping the last 50,000"]
    blocked(False)
    files.write(DAY, [b"3\n"])
    assert files.path(DAY).read_bytes() == b"0\n1\n2\n3\n"
    assert messages[1:] == ["rows can be written again; 0 were lost"]
    files.close()


def test_the_oldest_go_when_too_many_wait(tmp_path: Path, messages: list[str], blocked: Callable[[bool], None]) -> None:
    files = DailyFiles(tmp_path, "a", messages.append, keep=3)
    blocked(True)
    files.write(DAY, [b"%d\n" % n for n in range(5)])
    with pytest.raises(ObsError, match=r"5 rows could not be written and are lost.*Is a directory"):
        files.close()
    blocked(False)
    files.write(DAY, [])
    assert files.path(DAY).read_bytes() == b"2\n3\n4\n"
    assert messages[-1] == "rows can be written again; 2 were lost"


def test_waiting_rows_go_to_the_day_they_are_of(
    tmp_path: Path, messages: list[str], blocked: Callable[[bool], None]
) -> None:
    files = DailyFiles(tmp_path, "a", messages.append)
    blocked(True)
    files.write(DAY, [b"0\n"])
    files.write(DAY + dt.timedelta(1), [b"1\n"])
    blocked(False)
    files.close()
    assert files.path(DAY).read_bytes() == b"0\n"
    assert files.path(DAY + dt.timedelta(1)).read_bytes() == b"1\n"


def test_a_torn_last_line_is_ended_before_the_next(tmp_path: Path, messages: list[str]) -> None:
    files = DailyFiles(tmp_path, "a", messages.append)
    files.path(DAY).write_bytes(b'{"at":1}\n{"at"')
    files.write(DAY, [b'{"at":2}\n'])
    assert files.path(DAY).read_bytes() == b'{"at":1}\n{"at"\n{"at":2}\n'


def test_a_host_cannot_lead_out_of_the_folder(tmp_path: Path, messages: list[str]) -> None:
    path = DailyFiles(tmp_path, "../../etc/x y", messages.append).path(DAY)
    assert path.parent == tmp_path
    assert path.name == f"{DAY}..._.._etc_x_y.jsonl"


def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path: Path, messages: list[str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        DailyFiles(tmp_path / "file", "a", messages.append)
    import os

    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(ConfigError, match="files cannot be written here"):
            DailyFiles(tmp_path, "a", messages.append)
