"""Fine-tune the bundled encoder to read a claim beside its evidence, and say how likely the evidence supports it.

    python tools/train_pairs.py --data FOLDER --stage words --tokens 2600000 --out words
    python tools/train_pairs.py --data FOLDER --stage answers --tokens 3700000 --from words --out answers --pack FILE

FILE is what `models.pair_encoder.WEIGHTS` names; the head of groundedness is trained after it (tools/train_heads.py).

Embeddings and the lowest layers stay as they are, so that the package need not carry them twice. An answer's probability is
the product of its sentences' (a noisy and), which lets a verdict on the whole teach which sentence it was.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch.nn import functional
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from obs_lib.models.folder import find_folder
from obs_lib.models.options import ModelOptions
from obs_lib.models.pair_encoder import LONGEST, SCALE
from training.pairs import HELD, SETS, Group, altered, group, rows_of

FROZEN = 2
BUDGET = 3072
RATES = {"words": 1.5e-4, "answers": 1.0e-4}
ALL = 1_000_000
STAGES = {
    "words": {"fever": (ALL, 1500), "conj": (10_000, 1500), "wice": (0, 1500), "begin_wow": (0, 1500)},
    "answers": {
        "ragtruth": (ALL, 400), "summedits": (ALL, 300), "wice": (ALL, 300), "dialogs": (ALL, 300), "begin_wow": (ALL, 0),
        "faithdial": (ALL, 300), "expertqa": (ALL, 300), "fever": (3000, 0), "conj": (2000, 0),
    },
}  # fmt: skip
"""What is read in each stage: rows of a set, and rows of which sentences are altered."""


def load(folder: Path | None) -> tuple[Any, Any]:
    base = find_folder(ModelOptions())
    tokenizer = AutoTokenizer.from_pretrained(str(base))
    model = AutoModelForSequenceClassification.from_pretrained(str(folder or base), num_labels=1)
    frozen = [model.bert.embeddings, *model.bert.encoder.layer[:FROZEN]]
    for part in frozen:
        part.requires_grad_(False)
    return model, tokenizer


def encoded(tokenizer: Any, groups: Sequence[Group]) -> list[list[dict[str, list[int]]]]:
    flat = [pair for each in groups for pair in each.pairs]
    found = tokenizer([a for a, _ in flat], [b for _, b in flat], truncation="longest_first", max_length=LONGEST)
    rows = iter(
        {"input_ids": ids, "token_type_ids": types}
        for ids, types in zip(found["input_ids"], found["token_type_ids"], strict=True)
    )
    return [[next(rows) for _ in each.pairs] for each in groups]


def steps(rows: list[list[dict[str, list[int]]]], rng: random.Random) -> Iterator[list[int]]:
    """Groups of like length together, within a budget of padded tokens."""
    order = list(range(len(rows)))
    rng.shuffle(order)
    pool = 400
    done = []
    for start in range(0, len(order), pool):
        chunk = sorted(order[start : start + pool], key=lambda i: max(len(row["input_ids"]) for row in rows[i]))
        batch: list[int] = []
        longest = count = 0
        for i in chunk:
            longest_here = max(longest, *(len(row["input_ids"]) for row in rows[i]))
            if batch and longest_here * (count + len(rows[i])) > BUDGET:
                done.append(batch)
                batch, count, longest_here = [], 0, max(len(row["input_ids"]) for row in rows[i])
            batch.append(i)
            longest, count = longest_here, count + len(rows[i])
        done.append(batch)
    rng.shuffle(done)
    yield from done


def logits(model: Any, tokenizer: Any, rows: list[dict[str, list[int]]]) -> torch.Tensor:
    batch = tokenizer.pad(rows, return_tensors="pt")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return model(**batch).logits[:, 0].float()


def loss_of(found: torch.Tensor, sizes: list[int], y: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Cross entropy of the product of each group's probabilities."""
    together = torch.stack([functional.logsigmoid(part).sum() for part in found.split(sizes)]).clamp(max=-1e-6)
    each = -(y * together + (1 - y) * torch.log(-torch.expm1(together)))
    return (each * weight).sum() / weight.sum()


def weights(groups: Sequence[Group]) -> list[float]:
    """Both verdicts weigh the same in each set."""
    count = Counter((each.name, each.supported) for each in groups)
    total = Counter(each.name for each in groups)
    return [min(4.0, total[each.name] / (2 * count[each.name, each.supported])) for each in groups]


def train(model: Any, tokenizer: Any, groups: list[Group], given: Any) -> None:
    rng = random.Random(3)  # noqa: S311 - an order of examples, nothing secret
    rows = encoded(tokenizer, groups)
    weight = weights(groups)
    a_pass = sum(len(row["input_ids"]) for each in rows for row in each)
    print(f"{len(groups)} groups, {a_pass} tokens a pass", flush=True)
    parameters = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=RATES[given.stage], weight_decay=0.01)
    seen, step, started, average = 0, 0, time.time(), 0.7
    model.train()
    while seen < given.tokens:
        for batch in steps(rows, rng):
            flat = [row for i in batch for row in rows[i]]
            done = seen / given.tokens
            for part in optimizer.param_groups:
                part["lr"] = (
                    RATES[given.stage] * min(1.0, done / 0.04 + 0.02) * max(0.02, 0.5 * (1 + math.cos(math.pi * done)))
                )
            found = logits(model, tokenizer, flat)
            y = torch.tensor([float(groups[i].supported) for i in batch])
            loss = loss_of(found, [len(rows[i]) for i in batch], y, torch.tensor([weight[i] for i in batch]))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            seen += sum(len(row["input_ids"]) for row in flat)
            step += 1
            average = 0.98 * average + 0.02 * loss.item()
            if step % 50 == 0:
                print(f"{step} {seen} {average:.3f} {seen / (time.time() - started):.0f} tokens/s", flush=True)
            if step % 500 == 0:
                model.save_pretrained(given.out)
            if seen >= given.tokens:
                break
    model.save_pretrained(given.out)
    tokenizer.save_pretrained(given.out)


def pack(model: Any, file: Path) -> None:
    """What was trained, for `models.pair_encoder.unpack`: matrices in int8 with one scale a row, the rest in float32."""
    packed: dict[str, torch.Tensor] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            tensor = parameter.detach().contiguous()
            if tensor.dim() == 2:
                scale = tensor.abs().amax(dim=1).clamp(min=1e-12) / 127
                packed[name + SCALE] = scale
                tensor = torch.round(tensor / scale[:, None]).to(torch.int8)
            packed[name] = tensor
    save_file(packed, file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--stage", choices=sorted(STAGES), required=True)
    parser.add_argument("--from", dest="start", type=Path, default=None)
    parser.add_argument("--pack", type=Path, default=None, help="write what was trained as the package carries it")
    parser.add_argument("--tokens", type=int, default=4_000_000)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(3)
    rng = random.Random(5)  # noqa: S311 - a draw of examples, nothing secret
    groups: list[Group] = []
    for name in SETS:
        rows = rows_of(given.data, name)[HELD.get(name, 0) :]
        of_set, of_altered = STAGES[given.stage].get(name, (0, 0))
        groups += [each for row in rows[:of_set] if (each := group(name, row))]
        groups += altered(name, rows, of_altered, rng) if of_altered else []
    print(Counter((each.name, each.supported) for each in groups), flush=True)
    model, tokenizer = load(given.start)
    train(model, tokenizer, groups, given)
    if given.pack:
        pack(model, given.pack)


if __name__ == "__main__":
    main()
