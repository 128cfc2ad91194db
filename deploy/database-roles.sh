#!/bin/sh
# Run once by the image of PostgreSQL: the owner of the tables and the role of the API, neither of them a superuser, and the database.
set -eu
password=$(cat "$POSTGRES_PASSWORD_FILE")
psql --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --set=password="$password" <<'SQL'
CREATE ROLE forecourt LOGIN PASSWORD :'password';
CREATE ROLE forecourt_api NOLOGIN;
GRANT forecourt_api TO forecourt;
CREATE DATABASE forecourt OWNER forecourt;
SQL
