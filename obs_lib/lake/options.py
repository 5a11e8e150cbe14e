"""Where the lake lies. Apart from `lake.py`: reading the settings must not load Arrow, as Airflow does it at every parse."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from obs_lib.options import SettingsPath


class LakeOptions(BaseModel):
    """Where the tables and the rendered pages lie."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    root: SettingsPath = Field(
        "lake", validate_default=True, description="Folder or bucket URL (s3:// gs:// az://) of the Delta tables."
    )
    files: SettingsPath | None = Field(
        None,
        description="Folder for staged shards and rendered pages, shared by all workers; None: `files` in a local root.",
    )
    connection: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Name of the connection with a bucket's credentials; null: the object store finds them in the environment.",
    )
    single_writer: bool = Field(
        False, description="Allow a store without conditional writes; you promise that one process writes at a time."
    )

    @field_validator("root")
    @classmethod
    def _no_secrets(cls, root: str) -> str:
        if "@" in urlsplit(root).netloc:
            raise ValueError("free of credentials; give them in the environment of the object store")
        return root
