"""Settings from the environment (prefix ``VMODEL_``), read when code needs them, never at import."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from platformdirs import user_data_path
from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from vmodel.errors import BadUsage
from vmodel.limits import KeyDays

_PREFIX = "VMODEL_"
_MUST = {
    "bool_parsing": "must be 1 or 0",
    "float_parsing": "must be a number",
    "int_parsing": "must be a whole number",
    "string_pattern_mismatch": "must begin with https:// or http:// and a name",
    "too_short": "must have at least {min_length} characters",
}
"""Pydantic's error type -> requirement in words of ours; its own messages suffice for other types."""


class Settings(BaseSettings):
    """Settings that an operator can change without touching code.

    Attributes:
        home: folder of caches, registry and databases.
        max_megapixels: bound on uploaded photos.
        weights: folder of the embedded weights; the repository's or the wheel's by default.
        weights_source: where published weights are pulled from: the hub's address, a mirror's, or a folder.
        offline: downloads are forbidden.
        database_url: SQLAlchemy URL of the database, also read from ``DATABASE_URL``; unset = a file in ``home``.
        owner_database_url: the same database with the role that owns its tables, for ``vmodel admin migrate`` alone.
        seller_id, seller: holder of the licences of pictures that ``vmodel shoot`` makes.
        licence_territory: where those pictures may be used, in words.
        licence_months: duration of those licences in months; unset = without end.
        public_url: address under which visitors reach the service; pictures name it as the place to check a licence.
            With https, cookies and answers are for https only.
        trusted_proxies: addresses or networks of proxies, a JSON list; only they are believed for whom they pass on.
        monitor_hosts: hosts that ``vmodel monitor`` may fetch pictures from, as a JSON list.
        security_contact: where faults are reported, told at ``/.well-known/security.txt``; unset = none.
        tsa_url: time-stamp authority (RFC 3161) called for each picture; unset = none.
        files_url: storage of pictures: ``s3://``, ``gs://``, ``az://``, ``file://``; unset = a folder in ``home``.
        keep_pictures_days: retention of job pictures in days; unset = keep forever.
        key_days: days after which a new API key ends where its maker names none: 30, 90, 365 or never.
        smtp_url: mail server that brings notices to owners, ``smtps://user:password@host:465`` or ``smtp://`` with
            STARTTLS; unset = no mail.
        mail_from: address from which that mail comes.
        secret: key that signs links and cookies; unset = a file in ``home``. Several machines need the same one.
        max_upload_mb: bound on one request that carries files.
        readers: number of uploaded photos that are decoded at a time.
        webhooks_inside: webhooks may use http and internal addresses; only where sellers are trusted.
        cors_origins: other sites whose pages may call the API, a JSON list; none by default.
        pipeline: default pipeline, see docs/pipelines.md.
        plans: YAML file of prices and plans; unset = the one shipped with vmodel.
        exclusive_models: number of models that a seller may reserve through the API; the operator may grant more.
        require_attestation: a seller must state their right to use a garment before any picture of it is made.
        brands: YAML list of brand words that is added to the one shipped with vmodel.
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
    owner_database_url: str | None = None
    files_url: str | None = None
    keep_pictures_days: int | None = Field(default=None, ge=1)
    seller_id: str = "local"
    seller: str = "the seller of this installation"
    licence_territory: str = "worldwide"
    licence_months: int | None = Field(default=None, ge=1, le=1200)
    public_url: str | None = Field(default=None, pattern="^https?://[^/]")
    trusted_proxies: tuple[str, ...] = ()
    security_contact: str | None = None
    tsa_url: str | None = None
    monitor_hosts: tuple[str, ...] = ()
    key_days: KeyDays = KeyDays.YEAR
    smtp_url: SecretStr | None = None
    mail_from: str | None = Field(default=None, validate_default=True)
    secret: SecretStr | None = Field(default=None, min_length=32)
    max_upload_mb: float = Field(default=60.0, gt=0, allow_inf_nan=False)
    readers: int = Field(default=2, ge=1)
    webhooks_inside: bool = False
    cors_origins: tuple[str, ...] = ()
    pipeline: str = "embedded"
    style: str = "auto"
    plans: Path | None = None
    exclusive_models: int = Field(default=1, ge=0)
    require_attestation: bool = False
    brands: Path | None = None
    registered_marks: Path | None = None

    @field_validator("monitor_hosts", "cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _read_list(cls, value: Any) -> Any:
        try:
            names = json.loads(value) if isinstance(value, str) else value
        except (ValueError, RecursionError):
            names = None
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            raise ValueError('must be a JSON list, like ["one.example", "two.example"]')
        return names

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ipaddress.ip_network(each)) for each in value)
        except ValueError:
            raise ValueError(
                'must be a JSON list of addresses or networks, like ["10.0.0.7", "172.16.0.0/12"]'
            ) from None

    @field_validator("security_contact")
    @classmethod
    def _check_contact(cls, value: str | None) -> str | None:
        if value is not None and re.fullmatch(r"mailto:[^\s@]+@[^\s@]+|https://[^\s/]\S*", value) is None:
            raise ValueError("must be mailto: with an address, or an https:// address")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _check_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        like = r"smtps?://([^\s/:@]+:[^\s/:@]*@)?([^\s/:@\[\]]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?/?"
        found = None if value is None else re.fullmatch(like, value.get_secret_value())
        if value is not None and (found is None or int((found[3] or ":25")[1:]) not in range(1, 65_536)):
            raise ValueError(
                "must be like smtps://user:password@mail.example:465, with %40 for an @ in user or password"
            )
        return value

    @field_validator("mail_from")
    @classmethod
    def _check_sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("smtp_url") is not None:
            raise ValueError("must be the address from which mail comes, since VMODEL_SMTP_URL is set")
        if value is not None and re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", value) is None:
            raise ValueError("must be an e-mail address, like notices@house.example")
        return value

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
    def is_https(self) -> bool:
        """True where visitors reach the service over https."""
        return self.public_url is not None and self.public_url.startswith("https://")

    @property
    def max_upload_bytes(self) -> int:
        """``max_upload_mb`` in bytes."""
        return int(self.max_upload_mb * 1e6)


def _in_words(error: ValidationError) -> str:
    """Describe the first fault without the value itself, which may be a secret."""
    fault = error.errors(include_url=False)[0]
    field = str(fault["loc"][0])
    variable = field if field.isupper() else _PREFIX + field.upper()
    own = fault["msg"].removeprefix("Value error, ").replace("Input should", "must")
    must = _MUST[fault["type"]].format_map(fault.get("ctx", {})) if fault["type"] in _MUST else own
    return f"The environment variable {variable} {must}; correct it or unset it."


def default_pipeline() -> str:
    """Return the name of the default pipeline."""
    return Settings().pipeline


def default_style() -> str:
    """Return the name of the default style."""
    return Settings().style
