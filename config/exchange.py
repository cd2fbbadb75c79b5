"""What the configuration may say about private exchanges with a partner."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.base import SecretRef, Strict

Natural = Annotated[int, Field(ge=1)]


class ExchangeSettings(Strict):
    """The terms agreed with a partner; options of `tieline partner` win over them."""

    key: Literal["domain", "name-country"] = Field("domain", description="what is compared")
    mode: Literal["counts", "reveal"] = Field(
        "counts", description="both learn how many are mutual, or which"
    )
    minimum: Natural | None = Field(
        None, description="a smaller result is told to nobody; default: the partner's `min_count`"
    )
    limit: Natural = Field(100_000, description="keys that either list may have")
    pad_to: Annotated[int, Field(ge=0)] = Field(
        0, description="fill our list up to so many points, so that its size is hidden"
    )
    runs_a_week: Natural = Field(4, description="runs that are begun with this partner in a week")
    secret: SecretRef | None = Field(
        None, description="what both have to seal their messages; see docs/private-exchange.md"
    )
