"""Security profiles that stations were offered and have not come with yet."""

import sqlalchemy as sa
from alembic import op

revision = "0009_profiles"
down_revision = "0008_availability"


def upgrade() -> None:
    """Let a station have a second profile."""
    op.add_column("station", sa.Column("offered_security_profile", sa.SmallInteger))
    op.create_check_constraint(
        "station_offered_security_profile_check", "station", "offered_security_profile BETWEEN 1 AND 3"
    )
