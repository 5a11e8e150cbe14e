"""What can be set about one source of logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from obs_lib.options import FOLDER, ChangesNoResult, SettingsPath
from obs_lib.sources.formats.registry import BUNDLED, DEFAULT, SERVED, extension, known

_PLACE = ChangesNoResult("where logs lie; what they hold is named by the digests of their entries")


class SourceOptions(BaseModel):
    """Where entries come from (a path, a query, or Langfuse's API), how they are to be read, and how large they may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = Field(
        DEFAULT,
        description=f"Log format: {', '.join(f'`{name}`' for name in BUNDLED)} (docs/formats.md), the name of an installed "
        "one, or `module:object` of a module beside this file (docs/extending.md).",
    )
    path: Annotated[SettingsPath | None, _PLACE] = Field(
        None,
        description="Folder, file or glob, also at an fsspec URL (s3:// gs:// az:// ...), of *.jsonl, *.json, *.csv, "
        "*.parquet or *.prom, plain or *.gz or *.zst; a relative path starts at the settings file's folder.",
    )
    query: str | None = Field(
        None,
        description="Instead of a path: a SQL query whose columns bear the format's field names, with `:start` and `:end` "
        "(UTC) where the day begins and ends.",
    )
    url: Annotated[str | None, _PLACE] = Field(
        None, description="SQLAlchemy URL of the database for `query`, or Langfuse's address; without a password."
    )
    connection: Annotated[str | None, _PLACE] = Field(
        None,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Name of a connection that holds the URL or the credentials: an Airflow connection's id, or "
        "`OBS_CONNECTION_<NAME>` in the environment.",
    )
    stages: Mapping[str, str] = Field(
        default_factory=dict,
        description="Names of spans to stages, such as {'vector_search*': retrieval}; first match wins.",
    )
    naive_times: Literal["reject", "utc"] = Field(
        "reject", description="What a time without an offset is: a line to reject, or UTC."
    )
    look_around_days: int = Field(
        1,
        ge=0,
        le=31,
        description="Dated files of this many days before and after are read too: logs rotate late, or by local time.",
    )
    max_text_chars: int = Field(
        200_000, ge=100, le=50_000_000, description="Characters that a field may hold; longer ones are quarantined."
    )
    max_line_bytes: int = Field(
        4_000_000,
        ge=1_000,
        le=500_000_000,
        description="Bytes that a line may hold; longer ones are quarantined unread.",
    )

    _folder: str | None = PrivateAttr(None)

    @property
    def folder(self) -> str | None:
        """The settings file's folder, where the module of a `module:object` is looked for first; None without a file."""
        return self._folder

    def model_post_init(self, context: Any) -> None:
        """Keep the folder that the settings are read from; the path to it is no option, and enters no digest."""
        folder = (context or {}).get(FOLDER)
        self._folder = None if folder is None else str(folder.resolve())

    @property
    def where(self) -> str:
        """The place in a reader's words."""
        return self.path or self.url or f"connection {self.connection}"

    @field_validator("format")
    @classmethod
    def _known_format(cls, name: str) -> str:
        if extension(name) is None:
            raise ValueError(f"must be one of {', '.join(known())}, or a `module:object`")
        return name

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.query is None and self.path is None and self.format in BUNDLED.keys() - SERVED:
            raise ValueError("a source needs a `path`, or a `query` with `url` or `connection`")
        if self.query is not None and self.path is not None:
            raise ValueError("a source has a `path` or a `query`, not both")
        if self.path is None and self.url is None and self.connection is None:
            raise ValueError("a source without a `path` needs a `url` or a `connection`")
        if self.query is not None and not (":start" in self.query and ":end" in self.query):
            raise ValueError(
                "a `query` must bind the day as `:start` and `:end`, else every night would read everything"
            )
        for name in (self.url, self.path):
            if name is not None and urlsplit(name).password:
                raise ValueError("an address must be free of passwords; put the whole into a connection and name that")
        return self
