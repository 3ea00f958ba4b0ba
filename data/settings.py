"""The settings: typed, read from the environment (prefix `CENTERLINE_`) or a `.env` file, documented from here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

#: A text of printed characters that neither begins nor ends with a space.
_PRINTED: Final = r"^[^\p{C}\s]([^\p{C}]*[^\p{C}\s])?$"


class Settings(BaseSettings):
    """Where the store lives and how the service behaves."""

    model_config = SettingsConfigDict(env_prefix="CENTERLINE_", env_file=".env", extra="ignore")

    home: Path = Field(Path("var"), description="Folder of the database, the published store and the logs.")
    database_url: str = Field("", description="SQLAlchemy URL of the database; empty means the SQLite file in the home folder.")
    demo_entries: int = Field(400_000, ge=1000, description="Entry summaries that the demonstration makes.")
    lock_wait_seconds: int = Field(30, ge=1, description="Seconds that a load waits for another one that is being written.")
    keep_versions: int = Field(5, ge=1, description="Published versions that are kept.")
    facts: str = Field(
        "", description="Place of the facts of months: a folder, or s3://bucket/folder; empty means inside the published store."
    )
    spark_master: str = Field("local[*]", description="Spark master for `publish --engine spark`, as spark://host:7077.")

    alerts: Path | None = Field(
        None, description="File of the rules of alerts; empty means those that come with Centerline (`analytics/alerts.toml`)."
    )

    release_rules: Path | None = Field(
        None,
        description="File of the rules of what working groups may see; empty means those that come with Centerline "
        "(`analytics/disclosure/rules.yaml`).",
    )

    marking: str = Field(
        "",
        description="Words of the banner on what is presented to working groups and on its files; empty means "
        "“For discussion – aggregated, disclosure-reviewed”.",
    )

    person: str = Field(
        "demonstration",
        max_length=100,
        pattern=_PRINTED,
        description="Who sits at this installation, at most 100 characters: nobody signs in yet, so each change and each export is "
        "written down with this name beside the role.",
    )

    @property
    def url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{(self.home / 'centerline.sqlite').absolute()}"

    @property
    def published(self) -> Path:
        """Folder of the published store."""
        return self.home / "published"


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()  # type: ignore[call-arg]
