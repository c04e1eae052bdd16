-- What a deployment runs once as superuser, before the first start: the owner's login, the API's login, the database.
--   psql -v owner_password=... -v api_password=... -v database=jidoka -f bootstrap.sql
CREATE ROLE jidoka_read NOLOGIN;
CREATE ROLE jidoka_auth NOLOGIN;
CREATE ROLE jidoka LOGIN PASSWORD :'owner_password' IN ROLE jidoka_auth;
CREATE ROLE jidoka_api LOGIN PASSWORD :'api_password' IN ROLE jidoka_read, jidoka_auth;
CREATE DATABASE :"database" OWNER jidoka;
