#!/bin/bash
# Log-ins and database. Runs by itself when the cluster is made; run it again to apply renewed passwords.
set -euo pipefail
super() { psql -q -X -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" "$@"; }

super -d postgres <<SQL
SELECT format('CREATE ROLE %I NOLOGIN', name) FROM unnest(ARRAY['jidoka_read', 'jidoka_auth']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['jidoka', 'jidoka_api', 'jidoka_watch']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE jidoka PASSWORD '$(cat /secrets/jidoka)';
ALTER ROLE jidoka_api PASSWORD '$(cat /secrets/jidoka_api)';
ALTER ROLE jidoka_watch PASSWORD '$(cat /secrets/jidoka_watch)';
GRANT jidoka_auth, pg_read_all_settings TO jidoka;
GRANT jidoka_read, jidoka_auth TO jidoka_api;
GRANT pg_monitor TO jidoka_watch;
SELECT 'CREATE DATABASE jidoka OWNER jidoka' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'jidoka')
\gexec
REVOKE ALL ON DATABASE jidoka FROM PUBLIC;
GRANT CONNECT ON DATABASE jidoka TO jidoka_api, jidoka_watch;
SQL
super -d jidoka -c 'CREATE EXTENSION IF NOT EXISTS timescaledb'
