"""What an installation is told: from the environment, or from a TOML file named by CMDB_CONFIG."""

import os
import tomllib
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from cmdb.errors import Invalid
from discovery.secret_reference import secret_in


class Settings(BaseSettings):
    """Secrets are never printed; each may also be read from a file named by the same variable with `_FILE`."""

    model_config = SettingsConfigDict(env_prefix="CMDB_", env_ignore_empty=True, extra="ignore")

    store: str = Field("sqlite:///cmdb.db", description="where CIs live: sqlite:///file, neo4j://host or bolt://host")
    store_user: str | None = Field(None, description="user of the store, where it asks for one")
    store_password: SecretStr | None = Field(None, description="password of the store")
    store_password_file: Path | None = Field(None, description="a file that holds the password of the store")
    vocabulary: Path | None = Field(None, description="a TOML file with further classes, kinds, types and authorities")
    hold_share: float = Field(
        0.2, ge=0, le=1, description="share of a scope's live records that a complete run may miss without being held"
    )
    hold_least: int = Field(10, ge=1, description="records that a complete run may always miss, less one")
    purge_after: int = Field(
        365, ge=0, description="days after which what is retired, and was not seen since, is purged; 0: never"
    )
    secret_key: SecretStr | None = Field(
        None, description="key of the secrets that the store keeps, from `cmdb secret key`; several with commas between"
    )
    secret_key_file: Path | None = Field(None, description="a file that holds it, instead")
    broker: SecretStr | None = Field(None, description="where workers are told of runs; none: `cmdb serve` runs them")
    runs_at_once: int = Field(4, ge=1, le=256, description="scheduled runs that one process reads at the same time")
    host: str = Field("127.0.0.1", description="address that `cmdb serve` listens on")
    port: int = Field(8080, ge=0, le=65535, description="port that `cmdb serve` listens on")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before environment before file."""
        named = os.environ.get("CMDB_CONFIG")
        file = (TomlConfigSettingsSource(settings_cls, toml_file=named),) if named else ()
        return (init_settings, env_settings, *file)

    def secret_keys(self) -> tuple[str, ...]:
        """Keys of stored secrets, the one that encrypts first. Raises Invalid for a file that cannot be read."""
        if self.secret_key is not None:
            text = self.secret_key.get_secret_value()
        elif self.secret_key_file is not None:
            text = secret_in(self.secret_key_file)
        else:
            return ()
        return tuple(key for key in text.replace(",", " ").split())

    def password(self) -> str | None:
        """The store's password, from whichever of the two places. Raises Invalid for a file that cannot be read."""
        if self.store_password is not None:
            return self.store_password.get_secret_value()
        if self.store_password_file is not None:
            return secret_in(self.store_password_file).strip()
        return None


def told_settings() -> Settings:
    """The settings of this installation. Raises Invalid, which quotes no value: it may be a secret."""
    named = os.environ.get("CMDB_CONFIG")
    try:
        if named:
            _check_names(Path(named))
        return Settings()
    except ValidationError as wrong:
        said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong.errors())
        raise Invalid(f"wrong setting, from the environment (CMDB_…) or {named or 'a file'}: {said}") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is no TOML"
        raise Invalid(f"{named}, which CMDB_CONFIG names, cannot be read: {why}") from None


def _check_names(file: Path) -> None:
    """Raises Invalid for a name that nobody reads, which would be taken for said; OSError, TOMLDecodeError.

    A file that is not there would be taken for an empty one.
    """
    with file.open("rb") as opened:
        unknown = tomllib.load(opened).keys() - Settings.model_fields.keys() - {"sources"}
    if unknown:
        known = ", ".join((*Settings.model_fields, "[sources.<name>]"))
        raise Invalid(f"{file}: unknown settings {', '.join(sorted(unknown))}; known: {known}")
