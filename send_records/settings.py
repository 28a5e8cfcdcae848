"""Settings: environment variables ``SEND_RECORDS_...``, or files so named in a secrets folder.

With no database named, the embedded PostgreSQL in the data directory is used.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    owner_url: SecretStr | None = None
    """The role that owns the schema: migrations and rebuilds."""
    admin_url: SecretStr | None = None
    """A role that may create roles and the database: only for ``migrate`` on a new server."""

    issuer: str = "urn:send-records:local"
    audience: str = "send-records"
    jwks_file: Path | None = None
    """The public keys of the identity provider; unset, the local issuer of the data directory."""

    @model_validator(mode="after")
    def _roles_together(self) -> Settings:
        if self.database_url is None and (self.owner_url or self.projector_url or self.admin_url):
            raise ValueError(
                "Set SEND_RECORDS_DATABASE_URL too: the other URLs are roles on the same server."
            )
        return self
