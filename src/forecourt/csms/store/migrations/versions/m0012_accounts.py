"""The API's database role reads accounts and adds to the audit log; it changes neither."""

import sqlalchemy as sa
from alembic import op

from forecourt.csms.store.engine import API

revision = "0012_accounts"
down_revision = "0011_bulk"


def upgrade() -> None:
    """Take rights that nothing needs: changes of accounts run as the owner of the tables (`accounts/users.py`)."""
    connection = op.get_bind()
    for table in ("user_account", "user_grant", "api_key"):
        connection.execute(sa.text(f'REVOKE INSERT, UPDATE, DELETE ON "{table}" FROM {API}'))
    connection.execute(sa.text(f'REVOKE UPDATE, DELETE ON "audit" FROM {API}'))
