"""Which precision the encoder is fastest in on this machine: measured, because processors that have bfloat16 differ.

On one Xeon with AVX512_BF16 and no AMX, matrices in bfloat16 take 1.8 times as long as in float32, on an EPYC with the same
instructions half as long.
"""

from __future__ import annotations

import math
import time
from importlib.util import find_spec

from obs_lib.models.batches import fixed_threads
from obs_lib.models.options import ModelOptions

PRECISIONS = ("float32", "bfloat16")
_TOKENS, _IN, _OUT = 2048, 384, 1536
"""Two full batches by the widest layer of all-MiniLM-L6-v2."""
_SHAPES = (_TOKENS, _IN), (_OUT, _IN)
_REPEATS = 15
_WORTH = 1.2
"""How many times as fast another precision must be to be named."""


def matrix_rates(threads: int) -> dict[str, float]:
    """GFLOP/s of the encoder's widest matrix product in each of PRECISIONS, the best of a few runs; empty without torch."""
    if find_spec("torch") is None:
        return {}
    import torch

    best = dict.fromkeys(PRECISIONS, math.inf)
    operands = {name: [torch.ones(*shape, dtype=getattr(torch, name)) for shape in _SHAPES] for name in PRECISIONS}
    with fixed_threads(threads), torch.inference_mode():
        for repeat in range(1 + _REPEATS):  # by turns, so that other work on the machine slows both
            for name in PRECISIONS:
                started = time.perf_counter()
                torch.nn.functional.linear(*operands[name])
                if repeat:  # the first one makes the kernel
                    best[name] = min(best[name], time.perf_counter() - started)
    return {name: 2e-9 * _TOKENS * _IN * _OUT / seconds for name, seconds in best.items()}


def advice(options: ModelOptions, rates: dict[str, float]) -> str | None:
    """What to change about the encoder's precision on this machine; None for nothing. rates : as of `matrix_rates`."""
    if options.device != "cpu" or options.dtype not in rates:
        return None
    fastest = max(PRECISIONS, key=lambda name: rates[name])
    times = rates[fastest] / rates[options.dtype]
    if times < _WORTH:
        return None
    return (
        f"models: {{dtype: {fastest}}} computes matrices {times:.1f} times as fast as {options.dtype} here "
        "(all workers alike)"
    )
