"""`obs gpu-sample`: a light process that may run for months beside an inference server."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer

from obs_lib.cli.console import say
from obs_lib.errors import NoGpu
from obs_lib.gpu.files import DailyFiles
from obs_lib.gpu.nvml import NvmlGpus
from obs_lib.gpu.sampler import Sampler, SystemClock

app = typer.Typer()


@app.command("gpu-sample")
def gpu_sample(
    out: Annotated[Path, typer.Option(help="Folder for the samples, a file a UTC day.")],
    interval: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds between two samples.")] = 5.0,
    count: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many; until SIGTERM or Ctrl-C if absent.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="This machine's name in the samples; default its host name.")] = None,
    if_present: Annotated[bool, typer.Option("--if-present", help="Where there is no GPU, end with 0.")] = False,
) -> None:
    """Sample every GPU of this machine through NVML, as JSON lines."""
    name = host or socket.gethostname()
    try:
        with SystemClock() as clock:
            Sampler(NvmlGpus, DailyFiles(out, name, say), clock, name, say).run(interval, count)
    except NoGpu as error:
        if not if_present:
            raise
        say(str(error))
