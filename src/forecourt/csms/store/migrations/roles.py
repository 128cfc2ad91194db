"""The second database role, as which the API serves requests: it owns nothing and row-level security binds it."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from forecourt.csms.store.engine import API
from forecourt.csms.store.errors import UnsuitableDatabase


def ensure_api_role(connection: Connection) -> None:
    """Make the role unless it is there, and let our own account act as it.

    Raises `UnsuitableDatabase`, with the statements to run, where our account may not do that. The embedded server's role
    was made with the database and has a password of its own.
    """
    role = connection.execute(
        text(
            "SELECT rolsuper OR rolbypassrls AS mighty, pg_has_role(current_user, oid, 'MEMBER') AS ours"
            " FROM pg_roles WHERE rolname = :role"
        ),
        {"role": API},
    ).one_or_none()
    if role is not None and role.mighty:
        raise UnsuitableDatabase(f"the role {API} must be neither a superuser nor exempt from row-level security")
    owner = connection.execute(text("SELECT quote_ident(current_user)")).scalar_one()
    statements = [] if role is not None else [f"CREATE ROLE {API} NOLOGIN NOSUPERUSER NOBYPASSRLS"]
    if role is None or not role.ours:
        statements.append(f"GRANT {API} TO {owner}")
    try:
        for statement in statements:
            with connection.begin_nested():
                connection.execute(text(statement))
    except ProgrammingError as error:
        raise UnsuitableDatabase(
            f"the role {API} is not set up and {owner} may not do that; let an administrator run: {'; '.join(statements)}"
        ) from error
