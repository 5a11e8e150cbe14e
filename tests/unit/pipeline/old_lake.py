"""A lake as the last release of schema version 4 left it, unpacked.

`data/lake_of_schema_4.tar.xz` holds the folder in which `recipe.py`, which lies in it, ran with the code of commit 26b952c:

* Seven days of sample logs (2024-03-01 to 07, six interactions a route and day); on the last two, latencies are four times as
  long and answers leave their contexts aside, so that those days drift. People's labels from the fourth day on (most with
  the probability of their draw), and a day of GPU samples on the sixth. A baseline of two days.
* Days 1 to 5 run and fold; the user `ada`, who asked on the second and fifth, is erased (so these have a second revision);
  maintenance drops the rows of day 1, closes 1 to 3, and settles all records.
* Days 6 and 7 run and fold; logs of day 7 come late, so it has a second revision; a message about day 6 is logged as sent;
  day 8 fails; everything folds; maintenance drops the rows of day 2 and closes day 4, and does not settle.

Only the paths in the tables' logs were made shorter.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tarfile
from pathlib import Path

import yaml

from obs_lib.pipeline.workspace import Workspace, open_workspace

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(8)]
CLOSED, DROPPED = DAYS[:4], DAYS[:2]
_ARCHIVE = Path(__file__).parent / "data" / "lake_of_schema_4.tar.xz"


def unpack(folder: Path) -> Path:
    """The folder with the lake, its logs, and the settings that it was made with."""
    with tarfile.open(_ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


def copy_of(unpacked: Path, folder: Path, **sections: object) -> Workspace:
    """A workspace over a copy, under its own settings in today's words."""
    shutil.copytree(unpacked, folder, dirs_exist_ok=True)
    settings = yaml.safe_load((unpacked / "obs.yaml").read_text(encoding="utf-8"))
    settings["alerts"]["objectives"] = {"context_utilization": 0.9, "ttft_p95": 500}
    settings["drift"] |= {
        "history_days": 2,
        "false_alarms_a_quarter": 91 * settings["drift"].pop("false_discovery_rate"),
    }
    settings["labels"]["scores"] = {"context_utilization": {"label": "useful", "positive": [True]}}
    (folder / "obs.yaml").write_text(yaml.safe_dump({**settings, **sections}))
    return open_workspace(folder / "obs.yaml")
