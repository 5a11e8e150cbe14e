"""`obs score`: one evaluator over one file, one result a line, with bounded memory."""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from obs_lib.bench.lines import portions, read_lines
from obs_lib.bench.scoring import score_rows
from obs_lib.catalogue import EVALUATORS
from obs_lib.pipeline.plan import choose
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Evaluator

STDOUT = "-"
_ROWS = 1_000  # scored and written at once
_BYTES = 32 << 20


def score_file(
    ws: Workspace, path: Path, evaluator: str, out: str, tell: Callable[[str], None] = lambda _: None
) -> Counter[str]:
    """Score every line of `path` and write the results to `out` ("-": stdout); returns how many have which status.

    A file at `out` is replaced once all is scored, or stays as it was. ConfigError when there is no such evaluator,
    SourceError when the file cannot be read.
    """
    chosen = named(ws, evaluator)
    counts: Counter[str] = Counter()
    with _writing(out) as stream:
        for rows in portions(read_lines(path), _ROWS, _BYTES):
            for result in score_rows(chosen, rows, ws.encoder, ws.settings.scoring.batch_size):
                counts[result["status"]] += 1
                stream.write(json.dumps(result, ensure_ascii=False, allow_nan=False).encode() + b"\n")
            tell(f"{counts.total():,} lines")
    return counts


def named(ws: Workspace, name: str) -> Evaluator:
    """The evaluator of that name; ConfigError with the names there are, or with what is wrong with this one."""
    chosen = choose(ws.evaluators, (name,))
    if not chosen:
        raise next(problem.error for problem in EVALUATORS.problems() if problem.extension.name == name)
    return chosen[0]


@contextmanager
def _writing(out: str) -> Iterator[IO[bytes]]:
    """A stream of bytes whose file takes its place only when everything has been written; packed where the name says gz."""
    if out == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(out)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as raw:
            if out.endswith(".gz"):
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    yield cast(IO[bytes], packed)
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
