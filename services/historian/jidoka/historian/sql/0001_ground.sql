-- Roles, schemas and the two ways of keeping a series: TimescaleDB hypertable or native range partitions.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['jidoka_read', 'jidoka_auth'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
    IF NOT pg_has_role(current_user, 'jidoka_auth', 'MEMBER') THEN
        EXECUTE format('GRANT jidoka_auth TO %I', current_user);
    END IF;
END $$;

CREATE SCHEMA record;
CREATE SCHEMA auth AUTHORIZATION jidoka_auth;
GRANT USAGE ON SCHEMA public TO jidoka_read;

-- One database holds one line's record.
CREATE TABLE record.line (
    site text NOT NULL,
    line text NOT NULL,
    single boolean PRIMARY KEY DEFAULT true CHECK (single)
);

-- One row for each table that is cut by time; the historian's upkeep reads it.
CREATE TABLE record.series (
    name text PRIMARY KEY,
    time_column text NOT NULL,
    step interval NOT NULL,
    hypertable boolean NOT NULL,
    segment_by text,
    keep interval,
    columnstore_after interval
);

CREATE FUNCTION record.create_series(
    table_name text, columns text, time_column text, step interval, segment_by text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    -- the first series decides for good: an extension that appears later changes nothing here
    timescale boolean := coalesce((SELECT bool_or(hypertable) FROM record.series),
                                  current_setting('jidoka.engine', true) = 'timescaledb', false);
BEGIN
    IF timescale THEN
        EXECUTE format('CREATE TABLE record.%I (%s)', table_name, columns);
        EXECUTE format('SELECT create_hypertable(%L, by_range(%L, %L::interval), create_default_indexes => false)',
                       'record.' || table_name, time_column, step);
    ELSE
        EXECUTE format('CREATE TABLE record.%I (%s) PARTITION BY RANGE (%I)', table_name, columns, time_column);
    END IF;
    INSERT INTO record.series (name, time_column, step, hypertable, segment_by)
    VALUES (table_name, time_column, step, timescale, segment_by);
END $$;

-- Native partitions for the whole of [low, high], less what retention would drop. Returns how many were made.
CREATE FUNCTION record.make_partitions(low timestamptz, high timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    one record.series;
    lower_bound timestamptz;
    partition_name text;
    made integer := 0;
BEGIN
    FOR one IN SELECT * FROM record.series WHERE NOT hypertable LOOP
        lower_bound := date_bin(one.step, greatest(low, now() - one.keep), '2000-01-03 00:00+00');
        WHILE lower_bound <= high LOOP
            partition_name := one.name || to_char(lower_bound AT TIME ZONE 'UTC', '_YYYYMMDD');
            IF to_regclass(format('record.%I', partition_name)) IS NULL THEN
                EXECUTE format('CREATE TABLE record.%I PARTITION OF record.%I FOR VALUES FROM (%L) TO (%L)',
                               partition_name, one.name, lower_bound, lower_bound + one.step);
                made := made + 1;
            END IF;
            lower_bound := lower_bound + one.step;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- Native partitions that lie wholly before `before`, by the bounds in their names.
CREATE FUNCTION record.drop_partitions(table_name text, before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    one record.series;
    child text;
    dropped integer := 0;
BEGIN
    SELECT * INTO STRICT one FROM record.series WHERE name = table_name AND NOT hypertable;
    FOR child IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = format('record.%I', table_name)::regclass ORDER BY c.relname
    LOOP
        IF to_timestamp(right(child, 8) || ' +00', 'YYYYMMDD TZH') + one.step <= before THEN
            EXECUTE format('DROP TABLE record.%I', child);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;
