"""What is run by hand: the OpenAPI document, the check of the audit log."""

import asyncio
import sys
from pathlib import Path

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from jidoka.api.app import make_app
from jidoka.api.openapi import text
from jidoka.api.people.audit import verify
from jidoka.api.queries.audit import everything
from jidoka.api.settings import ApiSettings
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import load_settings


def print_openapi() -> None:
    """To standard output; needs neither database nor broker."""
    sys.stdout.write(text(make_app(ApiSettings(web_dir=Path("no-page")))))


def verify_audit() -> None:
    """Prints what is sound; exit status 1 when an entry was changed or is missing."""
    settings = load_settings(ApiSettings)
    if settings.database_url is None:
        raise ConfigError("DATABASE_URL is not set")
    count, newest, wrong = asyncio.run(_verify(settings.database_url.get_secret_value()))
    sys.stdout.write(f"{count} entries are sound, the newest is {newest}\n")
    if wrong:
        sys.exit(f"the audit log is broken: {wrong}")


async def _verify(url: str) -> tuple[int, str, str | None]:
    try:
        connection = await AsyncConnection.connect(
            url, row_factory=dict_row, connect_timeout=5, options="-c TimeZone=UTC"
        )
        async with connection:
            return await verify(everything(connection))
    except psycopg.OperationalError as error:
        raise ConfigError(f"DATABASE_URL: {str(error).splitlines()[0]}") from error
