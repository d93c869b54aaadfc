"""Settings, read from the environment (prefix ``VMODEL_``) when asked for, never at import."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from vmodel.errors import BadUsage

_PREFIX = "VMODEL_"
_MUST = {
    "bool_parsing": "must be 1 or 0",
    "float_parsing": "must be a number",
    "int_parsing": "must be a whole number",
    "too_short": "must have at least {min_length} characters",
}
"""Pydantic's name of a fault -> what a setting must be; of others pydantic's own words are clear."""


class Settings(BaseSettings):
    """What an operator can change without touching code.

    Attributes:
        home: folder of caches, registry and databases.
        max_megapixels: bound on uploaded photos.
        weights: folder of the embedded weights; the repository's or the wheel's by default.
        weights_source: where published weights are pulled from: the hub's address, a mirror's, or a folder.
        offline: nothing may be downloaded.
        database_url: SQLAlchemy's address of the database, also read from ``DATABASE_URL``; a file in ``home`` without.
        seller_id, seller: who holds the licences of what ``vmodel shoot`` makes.
        licence_territory: where those pictures may be used, in words.
        licence_months: how long they may be used; no end without.
        public_url: address of the page on which anybody can check a licence; metadata name it.
        monitor_hosts: hosts that ``vmodel monitor`` may fetch pictures from, as a JSON list.
        tsa_url: time-stamp authority (RFC 3161) asked for each picture; none without.
        files_url: where pictures are kept: ``s3://``, ``gs://``, ``az://``, ``file://``; a folder in ``home`` without.
        keep_pictures_days: jobs' pictures are deleted so many days after they were made; never without.
        secret: signs links and cookies; a file in ``home`` without. Several machines need the same one.
        max_upload_mb: bound on one request that carries files.
        readers: how many uploaded photos are read at a time.
        webhooks_inside: webhooks may go to http and to the house's own addresses; only where sellers are trusted.
        cors_origins: other sites whose pages may call the API, a JSON list; none by default.
        pipeline: how pictures are made where nobody says, see docs/pipelines.md.
        plans: YAML file of prices and plans; the one that comes with vmodel without.
        exclusive_models: how many models a seller may reserve through the API; the operator may give more.
        require_attestation: no picture is made of a garment before the seller has said that it is theirs to use.
        brands: YAML list of brand words that is added to the one that comes with vmodel.
        registered_marks: folder of logo pictures; garments that show one wait for a review.
    Raises:
        BadUsage: a variable has a value that is not understood.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, populate_by_name=True, enable_decoding=False)

    home: Path = Field(default_factory=lambda: user_data_path("vmodel", appauthor=False))
    max_megapixels: float = Field(default=40.0, gt=0, allow_inf_nan=False)
    weights: Path = Path(__file__).resolve().parent.parent / "weights"
    weights_source: str = "https://huggingface.co"
    offline: bool = False
    database_url: str | None = Field(default=None, validation_alias=AliasChoices("VMODEL_DATABASE_URL", "DATABASE_URL"))
    files_url: str | None = None
    keep_pictures_days: int | None = Field(default=None, ge=1)
    seller_id: str = "local"
    seller: str = "the seller of this installation"
    licence_territory: str = "worldwide"
    licence_months: int | None = Field(default=None, ge=1, le=1200)
    public_url: str | None = None
    tsa_url: str | None = None
    monitor_hosts: tuple[str, ...] = ()
    secret: SecretStr | None = Field(default=None, min_length=32)
    max_upload_mb: float = Field(default=60.0, gt=0, allow_inf_nan=False)
    readers: int = Field(default=2, ge=1)
    webhooks_inside: bool = False
    cors_origins: tuple[str, ...] = ()
    pipeline: str = "embedded"
    plans: Path | None = None
    exclusive_models: int = Field(default=1, ge=0)
    require_attestation: bool = False
    brands: Path | None = None
    registered_marks: Path | None = None

    @field_validator("monitor_hosts", "cors_origins", mode="before")
    @classmethod
    def _read_list(cls, value: Any) -> Any:
        try:
            names = json.loads(value) if isinstance(value, str) else value
        except (ValueError, RecursionError):
            names = None
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            raise ValueError('must be a JSON list, like ["one.example", "two.example"]')
        return names

    @model_validator(mode="wrap")
    @classmethod
    def _name_the_variable(cls, values: Any, check: Callable[[Any], Self]) -> Self:
        try:
            return check(values)
        except ValidationError as error:
            raise BadUsage(_in_words(error)) from None

    @property
    def cache(self) -> Path:
        """Folder for things that can be computed again."""
        return self.home / "cache"

    @property
    def max_upload_bytes(self) -> int:
        """``max_upload_mb`` in bytes."""
        return int(self.max_upload_mb * 1e6)


def _in_words(error: ValidationError) -> str:
    """The first fault; never the value itself, which may be a secret."""
    fault = error.errors(include_url=False)[0]
    field = str(fault["loc"][0])
    variable = field if field.isupper() else _PREFIX + field.upper()
    own = fault["msg"].removeprefix("Value error, ").replace("Input should", "must")
    must = _MUST[fault["type"]].format_map(fault.get("ctx", {})) if fault["type"] in _MUST else own
    return f"The environment variable {variable} {must}; correct it or unset it."


def default_pipeline() -> str:
    """Name of the pipeline that makes pictures where nobody names one."""
    return Settings().pipeline
