-- Station figures by minute and hour: parts by result, cycle times, what people corrected, defects by class.

CREATE TABLE record.due_figures (
    minute timestamptz NOT NULL,
    station text NOT NULL,
    PRIMARY KEY (minute, station)
);

CREATE TABLE record.station_minutes (
    bucket timestamptz NOT NULL,
    station text NOT NULL,
    parts integer NOT NULL,
    passed integer NOT NULL,
    failed integer NOT NULL,
    held integer NOT NULL,
    false_calls integer NOT NULL,
    missed integer NOT NULL,
    confirmed integer NOT NULL,
    rework integer NOT NULL,
    scrap integer NOT NULL,
    cycles integer NOT NULL,
    cycle_ms_total double precision NOT NULL,
    -- 40 classes of cycle time, each 25 % wider than the one before, from 50 ms
    cycle_histogram integer[] NOT NULL,
    latency_histogram integer[] NOT NULL,
    PRIMARY KEY (station, bucket)
);
CREATE TABLE record.station_hours (LIKE record.station_minutes INCLUDING ALL);

CREATE TABLE record.defect_minutes (
    bucket timestamptz NOT NULL,
    station text NOT NULL,
    class text NOT NULL,
    found integer NOT NULL,
    false_calls integer NOT NULL,
    PRIMARY KEY (station, bucket, class)
);
CREATE TABLE record.defect_hours (LIKE record.defect_minutes INCLUDING ALL);

CREATE FUNCTION public.histogram_class(ms double precision) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT least(greatest(floor(ln(greatest(ms, 1) / 50) / ln(1.25))::int + 2, 1), 40)
$$;
-- The upper bound of a class in ms.
CREATE FUNCTION public.histogram_bound(class integer) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT 50 * power(1.25, class - 1)
$$;
CREATE FUNCTION record.histogram(classes integer[]) RETURNS integer[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(coalesce(n, 0) ORDER BY class)
    FROM generate_series(1, 40) AS class
    LEFT JOIN (SELECT one, count(*)::int AS n FROM unnest(classes) AS one GROUP BY one) counted ON counted.one = class
$$;
CREATE FUNCTION record.add_histograms(integer[], integer[]) RETURNS integer[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(a + b ORDER BY n) FROM unnest($1, $2) WITH ORDINALITY AS h (a, b, n)
$$;
CREATE AGGREGATE public.sum_histograms (integer[]) (
    sfunc = record.add_histograms, stype = integer[],
    initcond = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}'
);
-- The percentile (0 to 1) that a histogram tells, as the upper bound of its class, in ms; NULL when it is empty.
CREATE FUNCTION public.histogram_percentile(histogram integer[], share double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
    SELECT public.histogram_bound(min(class)::int) FROM (
        SELECT class, sum(n) OVER (ORDER BY class) AS reached, sum(n) OVER () AS total
        FROM unnest(histogram) WITH ORDINALITY AS h (n, class)
    ) steps WHERE total > 0 AND reached >= share * total
$$;

-- A person's newest judgement of a part or a defect that is not taken back.
CREATE FUNCTION record.judged_part(part uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT disposition FROM record.dispositions WHERE part_id = part AND defect_id IS NULL AND undone_at IS NULL
    ORDER BY created_at DESC, id DESC LIMIT 1
$$;
CREATE FUNCTION record.judged_defect(defect uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT disposition FROM record.dispositions WHERE defect_id = defect AND undone_at IS NULL
    ORDER BY created_at DESC, id DESC LIMIT 1
$$;

CREATE FUNCTION record.roll_up_figures_minute(at_minute timestamptz, at_station text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM record.station_minutes WHERE bucket = at_minute AND station = at_station;
    DELETE FROM record.defect_minutes WHERE bucket = at_minute AND station = at_station;
    INSERT INTO record.station_minutes
    SELECT at_minute, at_station, count(*), count(*) FILTER (WHERE result = 'pass'),
           count(*) FILTER (WHERE result = 'fail'), count(*) FILTER (WHERE result = 'held'),
           count(*) FILTER (WHERE judged = 'false_call'), count(*) FILTER (WHERE judged = 'missed'),
           count(*) FILTER (WHERE judged = 'confirmed'), count(*) FILTER (WHERE judged = 'rework'),
           count(*) FILTER (WHERE judged = 'scrap'), count(cycle_time_ms), coalesce(sum(cycle_time_ms), 0),
           record.histogram(array_agg(public.histogram_class(cycle_time_ms)) FILTER (WHERE cycle_time_ms IS NOT NULL)),
           record.histogram(array_agg(public.histogram_class(latency_ms)) FILTER (WHERE latency_ms IS NOT NULL))
    FROM (
        SELECT result, cycle_time_ms, latency_ms, record.judged_part(id) AS judged FROM record.parts
        WHERE station = at_station AND created_at >= at_minute AND created_at < at_minute + interval '1 minute'
          AND (arrived OR decided_at IS NOT NULL)
    ) mine
    HAVING count(*) > 0;
    EXECUTE format($query$
        INSERT INTO record.defect_minutes
        SELECT %1$L::timestamptz, station, class, count(*),
               count(*) FILTER (WHERE record.judged_defect(id) = 'false_call')
        FROM record.defects
        WHERE station = %3$L AND role = 'live' AND created_at >= %1$L::timestamptz AND created_at < %2$L::timestamptz
        GROUP BY station, class
    $query$, at_minute, at_minute + interval '1 minute', at_station);
END $$;

CREATE FUNCTION record.roll_up_figures_hour(at_hour timestamptz, at_station text) RETURNS void LANGUAGE sql AS $$
    DELETE FROM record.station_hours WHERE bucket = at_hour AND station = at_station;
    DELETE FROM record.defect_hours WHERE bucket = at_hour AND station = at_station;
    INSERT INTO record.station_hours
    SELECT at_hour, station, sum(parts), sum(passed), sum(failed), sum(held), sum(false_calls), sum(missed), sum(confirmed),
           sum(rework), sum(scrap), sum(cycles), sum(cycle_ms_total), public.sum_histograms(cycle_histogram),
           public.sum_histograms(latency_histogram)
    FROM record.station_minutes
    WHERE station = at_station AND bucket >= at_hour AND bucket < at_hour + interval '1 hour' GROUP BY station;
    INSERT INTO record.defect_hours
    SELECT at_hour, station, class, sum(found), sum(false_calls) FROM record.defect_minutes
    WHERE station = at_station AND bucket >= at_hour AND bucket < at_hour + interval '1 hour' GROUP BY station, class;
$$;

-- Rolls up at most `most` due minutes, oldest first; minutes before `keep_from`, whose parts retention has dropped, are left
-- as they are. Returns how many.
CREATE FUNCTION record.roll_up_figures(most integer, keep_from timestamptz DEFAULT '-infinity') RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    one record;
    done integer := 0;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS taken (minute timestamptz, station text) ON COMMIT DELETE ROWS;
    WITH gone AS (
        DELETE FROM record.due_figures WHERE (minute, station) IN (
            SELECT minute, station FROM record.due_figures ORDER BY minute LIMIT most
        ) RETURNING minute, station
    )
    INSERT INTO taken SELECT minute, station FROM gone WHERE minute >= keep_from;
    FOR one IN SELECT minute, station FROM taken ORDER BY minute LOOP
        PERFORM record.roll_up_figures_minute(one.minute, one.station);
        done := done + 1;
    END LOOP;
    FOR one IN SELECT DISTINCT date_bin('1 hour', minute, '2000-01-03 00:00+00') AS hour, station FROM taken LOOP
        PERFORM record.roll_up_figures_hour(one.hour, one.station);
    END LOOP;
    RETURN done;
END $$;

CREATE VIEW public.station_minutes AS SELECT * FROM record.station_minutes;
CREATE VIEW public.station_hours AS SELECT * FROM record.station_hours;
CREATE VIEW public.defect_minutes AS SELECT * FROM record.defect_minutes;
CREATE VIEW public.defect_hours AS SELECT * FROM record.defect_hours;

-- Whether hours of UTC add up to the steps asked for: whole hours at both ends, and a zone without half hours.
CREATE FUNCTION public.hours_will_do(low timestamptz, high timestamptz, unit text, zone text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT unit <> 'minute'
       AND date_trunc('hour', low, 'UTC') = low AND date_trunc('hour', high, 'UTC') = high
       AND extract(minute FROM low AT TIME ZONE zone) = 0 AND extract(minute FROM high AT TIME ZONE zone) = 0
$$;

-- Figures in steps of `unit` ('minute', 'hour', 'day', 'week', 'month') of the site's local time, daylight saving
-- included; yield is passed of decided parts, corrected_yield takes false calls and missed defects into account.
CREATE FUNCTION public.station_figures(
    low timestamptz, high timestamptz, unit text DEFAULT 'hour', zone text DEFAULT 'UTC', only_station text DEFAULT NULL
) RETURNS TABLE (
    at timestamptz, station text, parts bigint, passed bigint, failed bigint, held bigint, false_calls bigint,
    missed bigint, yield double precision, corrected_yield double precision, cycle_ms_mean double precision,
    cycle_ms_p50 double precision, cycle_ms_p95 double precision, latency_ms_p50 double precision,
    latency_ms_p99 double precision
) LANGUAGE sql STABLE AS $$
    SELECT date_trunc(unit, m.bucket, zone), m.station, sum(m.parts), sum(m.passed), sum(m.failed), sum(m.held),
           sum(m.false_calls), sum(m.missed),
           sum(m.passed)::float8 / nullif(sum(m.passed + m.failed + m.held), 0),
           sum(m.passed + m.false_calls - m.missed)::float8 / nullif(sum(m.passed + m.failed + m.held), 0),
           sum(m.cycle_ms_total) / nullif(sum(m.cycles), 0),
           public.histogram_percentile(public.sum_histograms(m.cycle_histogram), 0.5),
           public.histogram_percentile(public.sum_histograms(m.cycle_histogram), 0.95),
           public.histogram_percentile(public.sum_histograms(m.latency_histogram), 0.5),
           public.histogram_percentile(public.sum_histograms(m.latency_histogram), 0.99)
    FROM (
        SELECT * FROM public.station_minutes WHERE NOT public.hours_will_do(low, high, unit, zone)
        UNION ALL SELECT * FROM public.station_hours WHERE public.hours_will_do(low, high, unit, zone)
    ) m
    WHERE m.bucket >= low AND m.bucket < high AND (only_station IS NULL OR m.station = only_station)
    GROUP BY 1, 2 ORDER BY 1, 2
$$;

-- Defects by class, most frequent first, with their share and the running share of all (Pareto).
CREATE FUNCTION public.defect_pareto(low timestamptz, high timestamptz, only_station text DEFAULT NULL)
RETURNS TABLE (class text, found bigint, false_calls bigint, share double precision, running_share double precision)
LANGUAGE sql STABLE AS $$
    SELECT t.class, t.found, t.false_calls, t.found / sum(t.found) OVER ()::float8,
           sum(t.found) OVER (ORDER BY t.found DESC, t.class) / sum(t.found) OVER ()::float8
    FROM (
        SELECT m.class, sum(m.found)::bigint AS found, sum(m.false_calls)::bigint AS false_calls
        FROM (
            SELECT * FROM public.defect_minutes WHERE NOT public.hours_will_do(low, high, 'hour', 'UTC')
            UNION ALL SELECT * FROM public.defect_hours WHERE public.hours_will_do(low, high, 'hour', 'UTC')
        ) m
        WHERE m.bucket >= low AND m.bucket < high AND (only_station IS NULL OR m.station = only_station)
        GROUP BY m.class
    ) t ORDER BY t.found DESC, t.class
$$;

GRANT SELECT ON public.station_minutes, public.station_hours, public.defect_minutes, public.defect_hours TO jidoka_read;
