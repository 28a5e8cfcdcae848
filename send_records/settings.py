"""Settings: environment variables ``SEND_RECORDS_...``, or files so named in a secrets folder.

With no database named, the embedded PostgreSQL in the data directory is used.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def default_data_dir() -> Path:
    """Return where data is kept unless told otherwise: the system's place for root, else home."""
    if os.geteuid() == 0:
        return Path("/var/lib/send-records")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "send-records"


HTTPS = r"^(https://[^/?#@\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/[^?#\s]*)?$"
"""An address over TLS; without it only on this machine, for demo and tests."""


class Settings(BaseSettings):
    """Everything that differs between one installation and another."""

    model_config = SettingsConfigDict(
        env_prefix="SEND_RECORDS_",
        extra="ignore",
        secrets_dir=os.environ.get("SEND_RECORDS_SECRETS_DIR"),
    )

    data_dir: Path = Field(default_factory=default_data_dir)
    """The embedded database, and the keys of the local issuer."""

    schema_name: str = Field(default="send_records", pattern=r"^[a-z][a-z0-9_]{0,40}$")
    """The schema of this trust; all its tables are in it."""

    database: str = Field(default="send_records", pattern=r"^[a-z][a-z0-9_]{0,40}$")
    """The name of the embedded database."""

    database_url: SecretStr | None = None
    """The application's own role on a PostgreSQL server, 16 or later; unset, it is embedded."""
    projector_url: SecretStr | None = None
    """The projection worker's role."""
    notary_url: SecretStr | None = None
    """The notary's role: it sees no words, and signs."""
    owner_url: SecretStr | None = None
    """The role that owns the schema: migrations and rebuilds."""
    admin_url: SecretStr | None = None
    """A role that may create roles and the database: only for ``migrate`` on a new server."""

    trust: str = Field(
        default="send-records.local", pattern=r"^[a-z0-9]([a-z0-9.-]{0,60}[a-z0-9])?$"
    )
    """Whose log it is, as a domain name of the trust's: it stands in every signature and is bound
    into everything sealed, so it is chosen once."""

    key_store: SecretStr | None = None
    """Where the pupils' keys are kept, wrapped: a file, or the URL of a PostgreSQL database that is
    not the log's.  Unset, a file in the data directory."""
    kek_dir: Path | None = None
    """The keys that wrap them, a file an epoch; on another disk than the log and the key store."""
    signing_dir: Path | None = None
    """The keys that sign checkpoints and receipts."""
    checkpoints: Annotated[tuple[Path, ...], NoDecode] = ()
    """The directories, separated by commas, where checkpoints are published: out of reach of
    whoever administers the database.  Unset, one in the data directory."""

    academies: Path | None = None
    """A file of the trust's academies and their term dates (``rules/academies.toml`` is one);
    unset, those of the worked cases."""

    watch: Path | None = None
    """A file of how much anybody may ask for and be told (``rules/watch.toml`` is one), or of some
    of its tables; unset, what is shipped."""

    issuer: str = "urn:send-records:local"
    audience: str = "send-records"
    """For whom tokens must be.  It is not the client's id, or an ID token would do as well."""
    jwks_file: Path | None = None
    """The public keys of ``issuer``; unset, those of the provider that people sign in with or,
    without one, of the local issuer of the data directory."""

    oidc_issuer_url: str | None = Field(default=None, pattern=HTTPS)
    """The identity provider that people sign in with, as its own description names it."""
    oidc_client_id: str | None = Field(default=None, min_length=1, max_length=200)
    oidc_client_secret: SecretStr | None = None
    oidc_redirect_url: str | None = Field(default=None, pattern=HTTPS)
    """Where the provider sends people back to: this site's ``/v1/sign-in/callback``."""
    oidc_provider: Literal["plain", "entra", "google", "dfe"] = "plain"
    """Which provider it is, for each says in its own way who somebody is."""
    oidc_organisation: str | None = Field(default=None, min_length=1, max_length=200)
    """Of whom everybody must be: the tenant's id at Entra ID, the domain at Google Workspace."""
    mfa_contexts: Annotated[tuple[str, ...], NoDecode] = ()
    """What the provider says (``acr``, ``acrs``) when a second factor was proven, separated by
    commas; ``amr`` is understood without."""
    mfa_required: bool = True
    """Whether nobody is signed in without a second factor.  DfE Sign-in does not say whether there
    was one: with it, what needs one cannot be done."""
    session_idle_minutes: int = Field(default=60, ge=5, le=240)
    """After how long without use a session is over."""
    session_hours: int = Field(default=10, ge=1, le=24)
    """After how long a session is over however much it is used."""

    @property
    def keys_beside_the_log(self) -> bool:
        """Whether keys or checkpoints are in the data directory, for want of a better place."""
        return self.kek_dir is None or self.key_store is None or not self.checkpoints

    @property
    def local_issuer(self) -> bool:
        """Whether tokens are the local issuer's: who reads the data directory can be anybody."""
        return self.jwks_file is None and self.oidc_issuer_url is None

    @field_validator("oidc_organisation", "oidc_client_secret", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("checkpoints", "mfa_contexts", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: object) -> object:
        return [part for part in value.split(",") if part] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _roles_together(self) -> Settings:
        others = (self.owner_url, self.projector_url, self.notary_url, self.admin_url)
        if self.database_url is None and any(others):
            raise ValueError(
                "Set SEND_RECORDS_DATABASE_URL too: the other URLs are roles on the same server."
            )
        return self

    @model_validator(mode="after")
    def _provider_whole(self) -> Settings:
        if self.oidc_issuer_url is None:
            return self
        if self.oidc_client_id is None or self.oidc_redirect_url is None:
            raise ValueError(
                "Set SEND_RECORDS_OIDC_CLIENT_ID and SEND_RECORDS_OIDC_REDIRECT_URL too."
            )
        if self.oidc_client_id == self.audience:
            raise ValueError("Set SEND_RECORDS_AUDIENCE to something else than the client's id.")
        if self.oidc_provider in ("entra", "google") and self.oidc_organisation is None:
            raise ValueError(
                "Set SEND_RECORDS_OIDC_ORGANISATION: the provider serves others as well."
            )
        return self
