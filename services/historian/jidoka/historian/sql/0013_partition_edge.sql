-- As before, but with the partitions found first: the planner was free to read a date from the name of every table, and
-- then retention failed.
CREATE OR REPLACE FUNCTION record.drop_partitions(table_name text, before timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    one record.series;
    child text;
    edge timestamptz;
    dropped integer := 0;
BEGIN
    SELECT * INTO STRICT one FROM record.series WHERE name = table_name AND NOT hypertable;
    WITH children AS MATERIALIZED (
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = format('record.%I', table_name)::regclass
    ),
    bounds AS (SELECT to_timestamp(right(relname, 8) || ' +00', 'YYYYMMDD TZH') + one.step AS ends FROM children)
    SELECT max(ends) INTO edge FROM bounds WHERE ends <= before;
    IF edge IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM record.rescue(table_name, edge);
    FOR child IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = format('record.%I', table_name)::regclass ORDER BY c.relname
    LOOP
        IF to_timestamp(right(child, 8) || ' +00', 'YYYYMMDD TZH') + one.step <= edge THEN
            EXECUTE format('DROP TABLE record.%I', child);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;
