"""Approvals of treatment protocols by a medical director."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ketamonitor.store.schema import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("change", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("at_offset_s", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", "change", name="pk_approvals"),
    )
