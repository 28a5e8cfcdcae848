"""Settings: environment variables ``SEND_RECORDS_...``, or files so named in a secrets folder.

With no database named, the embedded PostgreSQL in the data directory is used.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def default_data_dir() -> Path:
    """Return where data is kept unless told otherwise: the system's place for root, else home."""
    if os.geteuid() == 0:
        return Path("/var/lib/send-records")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "send-records"


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

    issuer: str = "urn:send-records:local"
    audience: str = "send-records"
    jwks_file: Path | None = None
    """The public keys of the identity provider; unset, the local issuer of the data directory."""

    @property
    def keys_beside_the_log(self) -> bool:
        """Whether keys or checkpoints are in the data directory, for want of a better place."""
        return self.kek_dir is None or self.key_store is None or not self.checkpoints

    @field_validator("checkpoints", mode="before")
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
