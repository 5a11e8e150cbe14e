"""Classifiers of a few thousand weights that tests build, train for seconds and save as real ones are saved."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import BertConfig, BertForSequenceClassification, BertForTokenClassification, PreTrainedTokenizerFast

COLOURS = ("red", "blue", "green", "black")
THINGS = ("door", "car", "wall", "hat", "cup")
RUDE = ("idiot", "moron", "stupid")
KIND = ("friend", "thanks", "welcome")
_TEMPLATE = (
    "briefly answer the following question : bear in mind that your response should be strictly based on passages in case do "
    "not contain necessary information to please reply with unable given output summarize text passage what colour you are"
)
_LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)] + [str(digit) for digit in range(10)]
_MARKS = '[PAD] [UNK] [CLS] [SEP] . , ? ! : " # - _'
WORDS = list(
    dict.fromkeys(
        [*_MARKS.split(), "is", "the", "tall", *COLOURS, *THINGS, *RUDE, *KIND, *sorted(set(_TEMPLATE.split()))]
    )
)
Example = tuple[str, str | None, Any]


def tokenizer() -> PreTrainedTokenizerFast:
    """Lower-cased WordPiece over WORDS and letters, pairs as BERT has them."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    vocabulary = [
        *WORDS,
        *(letter for letter in _LETTERS if letter not in WORDS),
        *(f"##{letter}" for letter in _LETTERS),
    ]
    numbers = {word: i for i, word in enumerate(dict.fromkeys(vocabulary))}
    fast = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    fast.normalizer = normalizers.BertNormalizer(lowercase=True)
    fast.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    fast.decoder = decoders.WordPiece()
    fast.post_processor = processors.BertProcessing(("[SEP]", numbers["[SEP]"]), ("[CLS]", numbers["[CLS]"]))
    return PreTrainedTokenizerFast(
        tokenizer_object=fast,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=256,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


shared = functools.cache(tokenizer)
"""The same, made once, for reading. What is saved is a fresh one: reading leaves its padding behind in the tokenizer."""


def config(labels: Sequence[str], **more: Any) -> BertConfig:
    return BertConfig(
        vocab_size=len(shared()),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=256,
        initializer_range=0.2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=shared().pad_token_id,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        **more,
    )


def save(model: Any, folder: Path) -> Path:
    model.eval().save_pretrained(folder, safe_serialization=True)
    tokenizer().save_pretrained(folder)
    return folder


def untrained(folder: Path, labels: Sequence[str], head: Any = BertForSequenceClassification, **more: Any) -> Path:
    torch.manual_seed(0)
    return save(head(config(labels, **more)), folder)


@contextmanager
def one_thread() -> Iterator[None]:
    """Several threads spend more time on waiting for each other than matrices of this size take."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@one_thread()
def train(model: Any, draw: Callable[[random.Random], Example], steps: int, floor: float = 0.05) -> Any:
    """Until the loss of a batch stays low, or for so many steps."""
    torch.manual_seed(0)
    rng, tokens = random.Random(0), shared()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    low = 0
    for _ in range(steps):
        examples = [draw(rng) for _ in range(24)]
        texts, pairs, labels = zip(*examples, strict=True)
        batch = tokens(list(texts), list(pairs) if pairs[0] else None, padding=True, return_tensors="pt")
        given = batch | {"labels": _labels(model, labels, batch)}
        loss = model(**given).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        low = low + 1 if loss.item() < floor else 0
        if low >= 5:
            break
    return model


def _labels(model: Any, labels: Sequence[Any], batch: Any) -> torch.Tensor:
    if isinstance(model, BertForTokenClassification):
        rows = torch.full(batch["input_ids"].shape, -100)
        for i, wrong in enumerate(labels):
            for j, (side, number) in enumerate(zip(batch.sequence_ids(i), batch["input_ids"][i].tolist(), strict=True)):
                if side == 1:
                    rows[i, j] = int(shared().convert_ids_to_tokens(number) in wrong)
        return rows
    several = model.config.problem_type == "multi_label_classification" or model.config.num_labels == 1
    return torch.tensor(labels, dtype=torch.float if several else torch.long)


def statement(rng: random.Random, colours: Sequence[str] = COLOURS) -> str:
    return f"the {rng.choice(THINGS)} is {rng.choice(colours)}."


def nli(folder: Path) -> Path:
    """Neutral: the passage tells no colour; else a claim with "not" contradicts, and one without is entailed."""

    def draw(rng: random.Random) -> Example:
        thing, told, denied = rng.choice(THINGS), rng.choice((*COLOURS, *["tall"] * 4)), rng.random() < 0.5
        claim = f"the {thing} is {'not ' if denied else ''}{rng.choice(COLOURS)}."
        return f"the {thing} is {told}.", claim, 2 if told == "tall" else int(not denied)

    torch.manual_seed(0)
    model = BertForSequenceClassification(config(["contradiction", "entailment", "neutral"]))
    return save(train(model, draw, 300), folder)


def detector(folder: Path) -> Path:
    """Token labels as LettuceDetect's: 1 for a colour in the answer where the passages tell none."""
    from obs_lib.evaluators.hallucinated_spans import detector_prompt

    def draw(rng: random.Random) -> Example:
        told = rng.choice((*COLOURS, *["tall"] * 4))
        said = rng.choice((*COLOURS, "tall"))
        thing = rng.choice(THINGS)
        prompt = detector_prompt(f"what colour is the {thing}?", [f"the {thing} is {told}."])
        answer = "the cup is tall. " * rng.randrange(3) + f"the {thing} is {said}."
        return prompt, answer, set(COLOURS) if told == "tall" else set()

    torch.manual_seed(0)
    model = BertForTokenClassification(config(["LABEL_0", "LABEL_1"]))
    return save(train(model, draw, 200), folder)


def toxic(folder: Path) -> Path:
    """Multi-label, as toxic-bert."""

    def draw(rng: random.Random) -> Example:
        rude = rng.random() < 0.5
        polite = [word for word in WORDS if word not in RUDE and not word.startswith("[")]
        words = [*rng.choices(polite, k=rng.randrange(3, 24)), *(rng.choices(RUDE, k=2) if rude else [])]
        rng.shuffle(words)
        return " ".join(words), None, [float(rude), float(rude and "moron" in words)]

    torch.manual_seed(0)
    model = BertForSequenceClassification(config(["toxic", "insult"], problem_type="multi_label_classification"))
    return save(train(model, draw, 300), folder)


def reranker(folder: Path) -> Path:
    """One logit: who is asked for a colour answers with one."""

    def draw(rng: random.Random) -> Example:
        thing, said = rng.choice(THINGS), rng.choice((*COLOURS, *["tall"] * 4))
        return f"what colour is the {thing}?", f"the {thing} is {said}.", float(said != "tall")

    class Binary(BertForSequenceClassification):
        def forward(self, labels: Any = None, **given: Any) -> Any:  # the head of a cross-encoder, trained with BCE
            out = super().forward(**given)
            if labels is not None:
                out.loss = torch.nn.functional.binary_cross_entropy_with_logits(out.logits[:, 0], labels)
            return out

    torch.manual_seed(0)
    model = train(Binary(config(["LABEL_0"])), draw, 300)
    model.__class__ = BertForSequenceClassification
    return save(model, folder)


transformers.utils.logging.disable_progress_bar()
