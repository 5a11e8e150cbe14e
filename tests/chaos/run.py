"""Attack a lake again and again, from one seed on, and write the numbers into docs/reliability.md.

`make chaos ROUNDS=100 SEED=1`; without a seed one is drawn, and printed. A round that is lost is printed with its seed and the
command that plays it again.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import secrets
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from obs_lib.errors import ObsError
from obs_lib.samples.generate import write_samples
from tests.chaos.attacks import ATTACKS, NIGHTS, Attack, Broken, made, store_fails
from tests.clients import s3

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- chaos: made by `make chaos` -->", "<!-- end -->"


@dataclass(frozen=True)
class Result:
    """How an attack went: how many rounds, from which seed on, and the seeds of those that were lost."""

    name: str
    rounds: int
    first: int
    lost: list[int]
    seconds: float


def main() -> None:
    """Play the rounds; ends with 1 where one was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="of each attack")
    parser.add_argument("--seed", type=int, help="of the first round; the others follow")
    parser.add_argument("--only", help="part of an attack's name")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    asked = parser.parse_args()
    seed = secrets.randbelow(10**6) if asked.seed is None else asked.seed
    print(f"seed {seed}", flush=True)
    results = play(seed, asked.rounds, asked.only)
    print(table(results))
    if asked.write:
        PAGE.write_text(updated(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    sys.exit(any(result.lost for result in results))


def play(seed: int, rounds: int, only: str | None = None) -> list[Result]:
    """Each attack `rounds` times."""
    results = []
    with tempfile.TemporaryDirectory() as name, s3.serving() as store:
        folder = Path(name)
        store.make_bucket("bucket")
        os.environ["no_proxy"] = "127.0.0.1"
        write_samples(folder / "logs", NIGHTS[0], len(NIGHTS), per_route=6)
        scene = made(folder / "alone", folder / "logs")
        attacks: dict[str, Attack] = {**ATTACKS, "store fails": partial(store_fails, store=store)}
        for name, attack in attacks.items():
            if only is not None and only not in name:
                continue
            lost, begun = [], time.monotonic()
            for number in range(seed, seed + rounds):
                place = folder / f"{name.replace(' ', '-')}-{number}"
                try:
                    attack(scene, place, random.Random(number))
                except (Broken, ObsError, OSError) as error:
                    lost.append(number)
                    again = f"make chaos ROUNDS=1 SEED={number} ONLY='{name}'"
                    print(f"LOST {name}, seed {number}: {error}\n  {again}", flush=True)
                shutil.rmtree(place, ignore_errors=True)
            results.append(Result(name, rounds, seed, lost, time.monotonic() - begun))
            print(f"{name}: {rounds - len(lost)} of {rounds}", flush=True)
    return results


def table(results: list[Result]) -> str:
    """The results as a table in Markdown."""
    rows = [
        f"| {one.name} | {one.rounds} | {one.first} to {one.first + one.rounds - 1} | {one.rounds - len(one.lost)} | "
        f"{one.seconds / one.rounds:.0f} |"
        for one in results
    ]
    head = ["| attack | rounds | seeds | ended right | seconds a round |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows])


def updated(page: str, results: list[Result]) -> str:
    """The page with the table in its place."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    return f"{before}{_BEGIN}\n{table(results)}\n\nOn {machine}.\n{_END}{after}"


if __name__ == "__main__":
    main()
