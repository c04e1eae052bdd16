-- What the API and plant SQL ask: figures by any span, shifts, Pareto, recall, alarm history, the passport of a part.

ALTER TABLE record.station_minutes ADD COLUMN bypassed integer NOT NULL DEFAULT 0,
    ADD COLUMN first_visits integer NOT NULL DEFAULT 0, ADD COLUMN first_passed integer NOT NULL DEFAULT 0;
ALTER TABLE record.station_hours ADD COLUMN bypassed integer NOT NULL DEFAULT 0,
    ADD COLUMN first_visits integer NOT NULL DEFAULT 0, ADD COLUMN first_passed integer NOT NULL DEFAULT 0;
CREATE OR REPLACE VIEW public.station_minutes AS SELECT * FROM record.station_minutes;
CREATE OR REPLACE VIEW public.station_hours AS SELECT * FROM record.station_hours;
CREATE INDEX station_minutes_bucket ON record.station_minutes (bucket);
CREATE INDEX station_hours_bucket ON record.station_hours (bucket);
CREATE INDEX defect_minutes_bucket ON record.defect_minutes (bucket);
CREATE INDEX defect_hours_bucket ON record.defect_hours (bucket);
CREATE INDEX alarms_span ON record.alarms USING gist (tstzrange(least(raised_at, cleared_at), cleared_at, '[]'));
INSERT INTO record.due_figures SELECT bucket, station FROM record.station_minutes ON CONFLICT DO NOTHING;

CREATE OR REPLACE FUNCTION record.roll_up_figures_minute(at_minute timestamptz, at_station text) RETURNS void
LANGUAGE plpgsql AS $$
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
           record.histogram(array_agg(public.histogram_class(latency_ms)) FILTER (WHERE latency_ms IS NOT NULL)),
           count(*) FILTER (WHERE bypassed), count(*) FILTER (WHERE first AND result IS NOT NULL),
           count(*) FILTER (WHERE first AND result = 'pass')
    FROM (
        SELECT result, cycle_time_ms, latency_ms, bypassed, record.judged_part(id) AS judged,
               serial IS NULL OR NOT EXISTS (
                   -- by the index on serials only: before the first ANALYZE the one on stations looks as good
                   SELECT FROM record.parts e WHERE e.serial = p.serial AND e.station || '' = p.station
                   AND e.created_at <= p.created_at AND (e.created_at, e.id) < (p.created_at, p.id)
               ) AS first
        FROM record.parts p
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

-- The sum of a column of histograms as an expression: forty plain sums are quicker than an aggregate of arrays.
DO $do$
DECLARE
    sums text := (SELECT string_agg(format('sum((%%1$s)[%s])', n), ', ' ORDER BY n) FROM generate_series(1, 40) AS n);
    cycles text := 'ARRAY[' || format(sums, 'cycle_histogram') || ']::int[]';
    latencies text := 'ARRAY[' || format(sums, 'latency_histogram') || ']::int[]';
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION record.roll_up_figures_hour(at_hour timestamptz, at_station text) RETURNS void
        LANGUAGE sql AS $$
            DELETE FROM record.station_hours WHERE bucket = at_hour AND station = at_station;
            DELETE FROM record.defect_hours WHERE bucket = at_hour AND station = at_station;
            INSERT INTO record.station_hours
            SELECT at_hour, station, sum(parts), sum(passed), sum(failed), sum(held), sum(false_calls), sum(missed),
                   sum(confirmed), sum(rework), sum(scrap), sum(cycles), sum(cycle_ms_total), %1$s, %2$s,
                   sum(bypassed), sum(first_visits), sum(first_passed)
            FROM record.station_minutes
            WHERE station = at_station AND bucket >= at_hour AND bucket < at_hour + interval '1 hour' GROUP BY station;
            INSERT INTO record.defect_hours
            SELECT at_hour, station, class, sum(found), sum(false_calls) FROM record.defect_minutes
            WHERE station = at_station AND bucket >= at_hour AND bucket < at_hour + interval '1 hour'
            GROUP BY station, class;
        $$
    $function$, cycles, latencies);
    EXECUTE format($function$
        -- Figures of any spans: whole hours from the hours, the rest from the minutes. `at` names a span in the answer; the
        -- station is NULL where stations are summed. yield, first_pass_yield: passed of decided parts, of first visits;
        -- corrected_yield counts false calls as passed and missed defects as not.
        CREATE FUNCTION public.station_figures_in(
            ats timestamptz[], lows timestamptz[], highs timestamptz[], only_station text DEFAULT NULL,
            by_station boolean DEFAULT true
        ) RETURNS TABLE (
            at timestamptz, station text, parts bigint, passed bigint, failed bigint, held bigint, undecided bigint,
            bypassed bigint, first_visits bigint, first_passed bigint, false_calls bigint, missed bigint,
            confirmed bigint, rework bigint, scrap bigint, yield double precision, first_pass_yield double precision,
            corrected_yield double precision, cycle_ms_mean double precision, cycle_ms_p50 double precision,
            cycle_ms_p95 double precision, latency_ms_p50 double precision, latency_ms_p99 double precision
        ) LANGUAGE sql STABLE AS $$
            WITH spans AS (
                SELECT s.at, s.low, s.high,
                       least(date_bin('1 hour', s.low + interval '59 minutes 59.999999 seconds',
                                      '2000-01-03 00:00+00'), s.high) AS first_hour,
                       date_bin('1 hour', s.high, '2000-01-03 00:00+00') AS last_hour
                FROM unnest(ats, lows, highs) AS s (at, low, high)
            ),
            pieces AS (
                SELECT s.at AS span, m.* FROM spans s
                JOIN public.station_hours m ON m.bucket >= s.first_hour AND m.bucket < s.last_hour
                UNION ALL
                SELECT s.at, m.* FROM spans s
                JOIN public.station_minutes m ON m.bucket >= s.low AND m.bucket < s.first_hour
                UNION ALL
                SELECT s.at, m.* FROM spans s
                JOIN public.station_minutes m ON m.bucket >= greatest(s.last_hour, s.first_hour) AND m.bucket < s.high
            ),
            summed AS (
                SELECT span, CASE WHEN by_station THEN station END AS station, sum(parts) AS parts, sum(passed) AS passed,
                       sum(failed) AS failed, sum(held) AS held, sum(bypassed) AS bypassed,
                       sum(first_visits) AS first_visits, sum(first_passed) AS first_passed,
                       sum(false_calls) AS false_calls, sum(missed) AS missed, sum(confirmed) AS confirmed,
                       sum(rework) AS rework, sum(scrap) AS scrap, sum(cycles) AS cycles,
                       sum(cycle_ms_total) AS cycle_ms_total, %1$s AS cycle_histogram, %2$s AS latency_histogram
                FROM pieces WHERE only_station IS NULL OR station = only_station GROUP BY 1, 2
            )
            SELECT span, station, parts, passed, failed, held, parts - passed - failed - held, bypassed, first_visits,
                   first_passed, false_calls, missed, confirmed, rework, scrap,
                   passed::float8 / nullif(passed + failed + held, 0), first_passed::float8 / nullif(first_visits, 0),
                   (passed + false_calls - missed)::float8 / nullif(passed + failed + held, 0),
                   cycle_ms_total / nullif(cycles, 0),
                   public.histogram_percentile(cycle_histogram, 0.5), public.histogram_percentile(cycle_histogram, 0.95),
                   public.histogram_percentile(latency_histogram, 0.5),
                   public.histogram_percentile(latency_histogram, 0.99)
            FROM summed ORDER BY 1, 2
        $$
    $function$, cycles, latencies);
END $do$;


-- Figures in steps of `unit` ('minute', 'hour', 'day', 'week', 'month') of the site's local time, daylight saving
-- included: a day of 23 or 25 hours is one day.
DROP FUNCTION public.station_figures(timestamptz, timestamptz, text, text, text);
CREATE FUNCTION public.station_figures(
    low timestamptz, high timestamptz, unit text DEFAULT 'hour', zone text DEFAULT 'UTC', only_station text DEFAULT NULL,
    by_station boolean DEFAULT true
) RETURNS TABLE (
    at timestamptz, station text, parts bigint, passed bigint, failed bigint, held bigint, undecided bigint,
    bypassed bigint, first_visits bigint, first_passed bigint, false_calls bigint, missed bigint, confirmed bigint,
    rework bigint, scrap bigint, yield double precision, first_pass_yield double precision,
    corrected_yield double precision, cycle_ms_mean double precision, cycle_ms_p50 double precision,
    cycle_ms_p95 double precision, latency_ms_p50 double precision, latency_ms_p99 double precision
) LANGUAGE sql STABLE AS $$
    WITH starts AS (
        -- up to an hour the steps are of equal length; from a day on they are the local calendar's
        SELECT b FROM generate_series(date_trunc(unit, low, zone), high, ('1 ' || unit)::interval) AS b
        WHERE unit IN ('minute', 'hour')
        UNION ALL
        SELECT b AT TIME ZONE zone
        FROM generate_series(date_trunc(unit, low AT TIME ZONE zone), high AT TIME ZONE zone, ('1 ' || unit)::interval) AS b
        WHERE unit NOT IN ('minute', 'hour')
    ),
    bins AS (SELECT b, lead(b, 1, 'infinity') OVER (ORDER BY b) AS ends FROM starts)
    SELECT f.* FROM (
        SELECT array_agg(b) AS ats, array_agg(greatest(b, low)) AS lows, array_agg(least(ends, high)) AS highs
        FROM bins WHERE b < high
    ) a
    CROSS JOIN LATERAL public.station_figures_in(a.ats, a.lows, a.highs, only_station, by_station) f
$$;

-- The shifts between two times: names and local start times, each until the next one starts, in rising order.
CREATE FUNCTION public.shift_spans(low timestamptz, high timestamptz, zone text, names text[], starts time[])
RETURNS TABLE (shift text, first_at timestamptz, end_at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT name, begins, ends FROM (
        SELECT n.name, (d + n.start) AT TIME ZONE zone AS begins,
               lead((d + n.start) AT TIME ZONE zone) OVER (ORDER BY d + n.start) AS ends
        FROM generate_series(date_trunc('day', low AT TIME ZONE zone) - interval '1 day',
                             date_trunc('day', high AT TIME ZONE zone) + interval '2 days', '1 day') AS d
        CROSS JOIN unnest(names, starts) AS n (name, start)
    ) all_shifts WHERE ends > low AND begins < high
    ORDER BY begins
$$;

-- Figures by shift; a shift that low or high cuts is counted from or to there.
CREATE FUNCTION public.shift_figures(
    low timestamptz, high timestamptz, zone text, names text[], starts time[], only_station text DEFAULT NULL,
    by_station boolean DEFAULT true
) RETURNS TABLE (
    shift text, at timestamptz, end_at timestamptz, station text, parts bigint, passed bigint, failed bigint, held bigint,
    undecided bigint, bypassed bigint, first_visits bigint, first_passed bigint, false_calls bigint, missed bigint,
    confirmed bigint, rework bigint, scrap bigint, yield double precision, first_pass_yield double precision,
    corrected_yield double precision, cycle_ms_mean double precision, cycle_ms_p50 double precision,
    cycle_ms_p95 double precision, latency_ms_p50 double precision, latency_ms_p99 double precision
) LANGUAGE sql STABLE AS $$
    WITH shifts AS MATERIALIZED (SELECT * FROM public.shift_spans(low, high, zone, names, starts))
    SELECT s.shift, s.first_at, s.end_at, f.station, f.parts, f.passed, f.failed, f.held, f.undecided, f.bypassed,
           f.first_visits, f.first_passed, f.false_calls, f.missed, f.confirmed, f.rework, f.scrap, f.yield,
           f.first_pass_yield, f.corrected_yield, f.cycle_ms_mean, f.cycle_ms_p50, f.cycle_ms_p95, f.latency_ms_p50,
           f.latency_ms_p99
    FROM (
        SELECT array_agg(first_at) AS ats, array_agg(greatest(first_at, low)) AS lows,
               array_agg(least(end_at, high)) AS highs FROM shifts
    ) a
    CROSS JOIN LATERAL public.station_figures_in(a.ats, a.lows, a.highs, only_station, by_station) f
    JOIN shifts s ON s.first_at = f.at
    ORDER BY s.first_at, f.station
$$;

-- Defects of live inspections by class, most frequent first, with their share and the running share of all (Pareto).
CREATE OR REPLACE FUNCTION public.defect_pareto(low timestamptz, high timestamptz, only_station text DEFAULT NULL)
RETURNS TABLE (class text, found bigint, false_calls bigint, share double precision, running_share double precision)
LANGUAGE sql STABLE AS $$
    WITH edges AS (
        SELECT least(date_bin('1 hour', low + interval '59 minutes 59.999999 seconds', '2000-01-03 00:00+00'), high)
                   AS first_hour, date_bin('1 hour', high, '2000-01-03 00:00+00') AS last_hour
    ),
    pieces AS (
        SELECT m.* FROM edges e JOIN public.defect_hours m ON m.bucket >= e.first_hour AND m.bucket < e.last_hour
        UNION ALL
        SELECT m.* FROM edges e JOIN public.defect_minutes m ON m.bucket >= low AND m.bucket < e.first_hour
        UNION ALL
        SELECT m.* FROM edges e
        JOIN public.defect_minutes m ON m.bucket >= greatest(e.last_hour, e.first_hour) AND m.bucket < high
    )
    SELECT t.class, t.found, t.false_calls, t.found / sum(t.found) OVER ()::float8,
           sum(t.found) OVER (ORDER BY t.found DESC, t.class) / sum(t.found) OVER ()::float8
    FROM (
        SELECT p.class, sum(p.found)::bigint AS found, sum(p.false_calls)::bigint AS false_calls
        FROM pieces p WHERE only_station IS NULL OR p.station = only_station GROUP BY p.class
    ) t ORDER BY t.found DESC, t.class
$$;
DROP FUNCTION public.hours_will_do(timestamptz, timestamptz, text, text);

-- Recall: parts of a time, and of a batch, article, serial, station or model where one is given; newest first.
CREATE FUNCTION public.recall_parts(
    low timestamptz, high timestamptz, only_batch text DEFAULT NULL, only_model_sha256 text DEFAULT NULL,
    only_sku text DEFAULT NULL, only_station text DEFAULT NULL
) RETURNS TABLE (
    id uuid, serial text, sku text, batch text, station text, result text, disposition text, created_at timestamptz,
    decided_at timestamptz
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT p.id, p.serial, p.sku, p.batch, p.station, p.result, p.disposition, p.created_at, p.decided_at
        FROM public.parts p WHERE p.created_at >= %1$L AND p.created_at < %2$L%3$s%4$s%5$s%6$s
        ORDER BY p.created_at DESC, p.id DESC
    $query$, low, high,
        CASE WHEN only_batch IS NOT NULL THEN format(' AND p.batch = %L', only_batch) END,
        CASE WHEN only_sku IS NOT NULL THEN format(' AND p.sku = %L', only_sku) END,
        CASE WHEN only_station IS NOT NULL THEN format(' AND p.station = %L', only_station) END,
        -- a part's inspections lie around its arrival: the margin keeps other chunks closed
        CASE WHEN only_model_sha256 IS NOT NULL THEN format(' AND p.id IN (SELECT i.part_id FROM public.live_inspections i
            WHERE i.model_id = ANY (%L::int[]) AND i.created_at >= %L AND i.created_at < %L)',
            (SELECT coalesce(array_agg(m.id), '{}') FROM public.models m WHERE m.sha256 = only_model_sha256),
            low - interval '1 hour', high + interval '1 day') END);
END $$;

CREATE VIEW public.live_inspections AS
SELECT id, part_id, model_id, station, created_at FROM record.inspections WHERE role = 'live'
UNION ALL
SELECT id, part_id, model_id, station, created_at FROM record.kept_inspections WHERE role = 'live';

-- Recall: parts that were at a station while a tag was outside its limits, or `before` before or `after` after that.
CREATE FUNCTION public.recall_by_tag(
    tag integer, low timestamptz, high timestamptz, below double precision DEFAULT NULL,
    above double precision DEFAULT NULL, before interval DEFAULT '0', after interval DEFAULT '0',
    only_station text DEFAULT NULL
) RETURNS TABLE (
    id uuid, serial text, sku text, batch text, station text, result text, disposition text, created_at timestamptz,
    decided_at timestamptz, minimum double precision, maximum double precision
) LANGUAGE sql STABLE AS $$
    SELECT p.id, p.serial, p.sku, p.batch, p.station, p.result, p.disposition, p.created_at, p.decided_at,
           min(x.minimum), max(x.maximum)
    FROM public.tag_excursions(tag, low - after, high + before, below, above) x
    JOIN public.parts p ON p.created_at >= x.first_at - before - interval '1 minute'
        AND p.created_at <= x.last_at + after AND coalesce(p.decided_at, p.created_at) >= x.first_at - before
    WHERE p.created_at >= low AND p.created_at < high AND (only_station IS NULL OR p.station = only_station)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY p.created_at DESC, p.id DESC
$$;

-- Everything that happened to alarms, with what the alarm is; newest first by `at`, `id`.
CREATE VIEW public.alarm_history AS
SELECT e.id, e.at, e.event, e.actor, e.comment, e.claimed_at, e.alarm_id, a.source, a.code, a.subject, a.station,
       a.severity, a.message, a.raised_at, a.cleared_at
FROM record.alarm_events e JOIN record.alarms a ON a.id = e.alarm_id;
CREATE INDEX alarm_events_page ON record.alarm_events (at DESC, id DESC);
DROP INDEX record.alarm_events_at;

-- Alarms that were active at some time of the span, oldest first; of the line, or of one station and the whole line.
CREATE FUNCTION public.alarms_between(low timestamptz, high timestamptz, at_station text DEFAULT NULL)
RETURNS SETOF public.alarms LANGUAGE sql STABLE AS $$
    SELECT a.* FROM public.alarms a
    WHERE tstzrange(least(a.created_at, a.cleared_at), a.cleared_at, '[]') && tstzrange(low, high, '[]')
      AND (at_station IS NULL OR a.station IS NULL OR a.station = at_station)
    ORDER BY a.created_at, a.id
$$;

-- All that is known of one part, as one document; NULL when there is no such part. `margin`: how far around it tags are
-- looked at. Images come without their bytes.
CREATE FUNCTION public.part_passport(wanted uuid, margin interval DEFAULT '10 seconds') RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    part record;
    low timestamptz;
    high timestamptz;
    answer jsonb;
BEGIN
    SELECT * INTO part FROM public.parts p WHERE p.id = wanted;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    low := part.created_at - interval '1 hour';
    high := part.created_at + interval '1 day';
    -- literals, so that only the chunks around the part are opened
    EXECUTE format($query$
        SELECT jsonb_build_object(
            'captures', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.created_at, c.id), '[]')
                         FROM public.captures c WHERE c.part_id = %1$L),
            'inspections', (SELECT coalesce(jsonb_agg(to_jsonb(i) || jsonb_build_object('defects', (
                    SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.confidence DESC, d.id), '[]') FROM public.defects d
                    WHERE d.part_id = %1$L AND d.inspection_id = i.id AND d.created_at >= %2$L AND d.created_at < %3$L))
                ORDER BY i.captured_at, i.id), '[]')
                FROM public.inspections i WHERE i.part_id = %1$L AND i.created_at >= %2$L AND i.created_at < %3$L),
            'images', (SELECT coalesce(jsonb_agg(jsonb_build_object('frame_id', g.frame_id,
                    'inspection_id', g.inspection_id, 'station', g.station, 'camera', g.camera, 'verdict', g.verdict,
                    'width', g.width, 'height', g.height, 'sha256', g.sha256, 'bytes', length(g.image), 'kept', g.kept,
                    'created_at', g.created_at) ORDER BY g.created_at, g.frame_id), '[]')
                FROM public.images g WHERE g.part_id = %1$L AND g.created_at >= %2$L AND g.created_at < %3$L)
        )
    $query$, wanted, low, high) INTO answer;
    RETURN jsonb_build_object(
        'part', to_jsonb(part),
        'kept', (SELECT to_jsonb(k) - 'part_id' FROM public.kept_parts k WHERE k.part_id = wanted),
        'visits', (SELECT coalesce(jsonb_agg(to_jsonb(v) ORDER BY v.created_at DESC, v.id), '[]') FROM (
            SELECT o.id, o.station, o.result, o.ruling, o.reason, o.disposition, o.created_at, o.decided_at
            FROM public.parts o WHERE o.serial = part.serial AND o.id <> wanted ORDER BY o.created_at DESC LIMIT 50) v),
        'decision', (SELECT to_jsonb(d) FROM public.decisions d WHERE d.part_id = wanted),
        'dispositions', (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.created_at DESC, d.id), '[]')
                         FROM public.dispositions d WHERE d.part_id = wanted),
        'alarms', (SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') FROM (
            SELECT * FROM public.alarms_between(part.created_at, coalesce(part.decided_at, part.created_at), part.station)
            LIMIT 100) a),
        'tags', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]')
                 FROM public.tags_around(part.created_at, part.decided_at, margin, part.plc) t)
    ) || answer;
END $$;

GRANT SELECT ON public.live_inspections, public.alarm_history TO jidoka_read;
