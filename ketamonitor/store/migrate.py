"""Making and upgrading the tables with Alembic; imported only when that is needed."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

import ketamonitor.store.migrations as scripts


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest revision inside the connection's open transaction."""
    config = Config()
    config.set_main_option("script_location", scripts.__path__[0].replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
