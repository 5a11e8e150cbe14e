"""What float32, bfloat16 and int8 cost in the encoder on this machine, and what of the vectors each keeps.

    OBS_REAL_DATA=... python tests/benchmarks/bench_precision.py [--day 2023-06-08] [--texts 120] [--threads 1]

Texts of a real chat day, in turns, so that other work slows all alike: seconds of the processor, the vectors' cosine to those
of float32, and whether a text has the same bits in other company. int8 is what torch has for a CPU and leaves rows apart:
weights rounded by output, activations by token, exact integer sums (`torch._int_mm`). It is no setting (decision record 0026).
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import os
import random
import time
from pathlib import Path

import numpy as np
import torch

from obs_lib.models.encoder import SentenceEncoder
from obs_lib.models.folder import find_folder
from obs_lib.models.options import ModelOptions
from obs_lib.models.pieces import behind_vector

TURNS = 2


class Int8Linear(torch.nn.Module):
    """A linear layer whose products are of int8; one scale an output, and one a row of what comes in."""

    def __init__(self, layer: torch.nn.Linear) -> None:
        super().__init__()
        weight = layer.weight.detach()
        self.scales, self.bias = weight.abs().amax(1) / 127, layer.bias.detach()
        self.weight = (weight / self.scales[:, None]).round().to(torch.int8).t()

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        rows = given.reshape(-1, given.shape[-1])
        scales = rows.abs().amax(-1, keepdim=True).clamp_(min=1e-12) / 127
        whole = (rows / scales).round_().to(torch.int8)
        product = torch._int_mm(whole, self.weight).float() * scales * self.scales + self.bias
        return product.view(*given.shape[:-1], -1)


def encoder(precision: str, threads: int) -> SentenceEncoder:
    """The bundled encoder at a precision, loaded."""
    dtype = "bfloat16" if precision == "bfloat16" else "float32"
    made = SentenceEncoder(options := ModelOptions(threads=threads, dtype=dtype), find_folder(options))
    if precision == "int8":
        for block in [part for part in made._model.modules() if not isinstance(part, Int8Linear)]:
            for name, layer in block.named_children():
                if isinstance(layer, torch.nn.Linear):
                    setattr(block, name, Int8Linear(layer))
    made.encode(["warm"])
    return made


def sample(day: dt.date, count: int) -> list[str]:
    """Pieces of a day's prompts and answers, as the encoder reads them."""
    found: set[str] = set()
    with gzip.open(
        Path(os.environ["OBS_REAL_DATA"]) / "logs" / "chat" / f"{day}.jsonl.gz", "rt", encoding="utf-8"
    ) as lines:
        for row in map(json.loads, lines):
            found.update(piece for name in ("prompt", "response") for piece in behind_vector(row.get(name) or ""))
    return random.Random(0).sample(sorted(found), min(count, len(found)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date(2023, 6, 8))
    parser.add_argument("--texts", type=int, default=120)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    texts = sample(asked.day, asked.texts)
    encoders = {name: encoder(name, asked.threads) for name in ("float32", "bfloat16", "int8")}
    spent: dict[str, float] = {}
    vectors: dict[str, np.ndarray] = {}
    for _ in range(TURNS):
        for name, each in encoders.items():
            begun = time.process_time()
            vectors[name] = each.encode(texts)
            spent[name] = min(spent.get(name, np.inf), time.process_time() - begun)
    unit = {name: rows / np.linalg.norm(rows.astype(float), axis=1, keepdims=True) for name, rows in vectors.items()}
    print("| precision | s of the processor | cosine to float32, mean | least | same bits in other company |")
    print("|---|---|---|---|---|")
    for name, each in encoders.items():
        cosines = (unit[name] * unit["float32"]).sum(axis=1)
        half = texts[::-2]
        same = np.array_equal(each.encode(half), vectors[name][::-2])
        print(
            f"| {name} | {spent[name]:.2f} | {cosines.mean():.5f} | {cosines.min():.5f} | {'yes' if same else 'no'} |"
        )


if __name__ == "__main__":
    main()
