-- What a deployment runs once as superuser, before the first start: the owner's login, the API's login, the database.
--   psql -v owner_password=... -v api_password=... -v database=jidoka -f bootstrap.sql
CREATE ROLE jidoka_read NOLOGIN;
CREATE ROLE jidoka_auth NOLOGIN;
-- pg_read_all_settings: to see whether the server loads TimescaleDB
CREATE ROLE jidoka LOGIN PASSWORD :'owner_password' IN ROLE jidoka_auth, pg_read_all_settings;
CREATE ROLE jidoka_api LOGIN PASSWORD :'api_password' IN ROLE jidoka_read, jidoka_auth;
CREATE DATABASE :"database" OWNER jidoka;
