-- How many samples of a bucket were bad or uncertain, and the tags around a time.

DO $$
DECLARE
    level text;
BEGIN
    FOREACH level IN ARRAY ARRAY['tag_minutes', 'tag_hours', 'tag_days'] LOOP
        EXECUTE format('ALTER TABLE record.%I ADD COLUMN uncertain integer NOT NULL DEFAULT 0', level);
        EXECUTE format('CREATE OR REPLACE VIEW public.%1$I AS
            SELECT bucket, tag_id, samples, bad, minimum, maximum, total / nullif(numbers, 0) AS mean, total, numbers,
                   uncertain
            FROM record.%1$I', level);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION record.roll_up_tag_minute(at_minute timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- literals, so that the planner sees one chunk; the index on (tag_id, at) is probed once a tag
    EXECUTE format($query$
        INSERT INTO record.tag_minutes (bucket, tag_id, samples, bad, uncertain, minimum, maximum, total, numbers)
        SELECT %1$L::timestamptz, t.id, s.samples, s.bad, s.uncertain, s.minimum, s.maximum, s.total, s.numbers
        FROM record.tags t
        CROSS JOIN LATERAL (
            SELECT count(*)::int AS samples, count(bad)::int AS bad, count(uncertain)::int AS uncertain,
                   min(value) AS minimum, max(value) AS maximum,
                   coalesce(sum(value), 0) AS total, count(value)::int AS numbers
            FROM record.tag_samples WHERE tag_id = t.id AND at >= %1$L::timestamptz AND at < %2$L::timestamptz
        ) s
        WHERE s.samples > 0
        ON CONFLICT (tag_id, bucket) DO UPDATE SET samples = EXCLUDED.samples, bad = EXCLUDED.bad,
            uncertain = EXCLUDED.uncertain, minimum = EXCLUDED.minimum, maximum = EXCLUDED.maximum,
            total = EXCLUDED.total, numbers = EXCLUDED.numbers
    $query$, at_minute, at_minute + interval '1 minute');
END $$;

CREATE OR REPLACE FUNCTION record.roll_up_tag_level(finer text, coarser text, low timestamptz, high timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($query$
        INSERT INTO record.%2$I (bucket, tag_id, samples, bad, uncertain, minimum, maximum, total, numbers)
        SELECT %3$L::timestamptz, tag_id, sum(samples), sum(bad), sum(uncertain), min(minimum), max(maximum), sum(total),
               sum(numbers)
        FROM record.%1$I
        WHERE tag_id IN (SELECT id FROM record.tags) AND bucket >= %3$L::timestamptz AND bucket < %4$L::timestamptz
        GROUP BY tag_id
        ON CONFLICT (tag_id, bucket) DO UPDATE SET samples = EXCLUDED.samples, bad = EXCLUDED.bad,
            uncertain = EXCLUDED.uncertain, minimum = EXCLUDED.minimum, maximum = EXCLUDED.maximum,
            total = EXCLUDED.total, numbers = EXCLUDED.numbers
    $query$, finer, coarser, low, high);
END $$;

CREATE OR REPLACE VIEW public.tag_values AS
SELECT at, tag_id, value, bad IS NOT NULL AS is_bad, uncertain IS NOT NULL AS is_uncertain FROM record.tag_samples;

-- The trend of one tag in at most `points` buckets (aligned to their own width), from the coarsest level that can tell
-- them apart; what is not rolled up yet comes from the samples. Numbers of a bucket: its samples, minimum, maximum, mean,
-- and how many samples were bad or uncertain.
DROP FUNCTION public.tag_trend(integer, timestamptz, timestamptz, integer);
CREATE FUNCTION public.tag_trend(tag integer, low timestamptz, high timestamptz, points integer DEFAULT 1000)
RETURNS TABLE (at timestamptz, samples bigint, minimum double precision, maximum double precision,
               mean double precision, bad bigint, uncertain bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    seconds double precision := greatest(extract(epoch FROM high - low) / greatest(points, 1), 0.001);
    level text := CASE WHEN seconds >= 86400 THEN 'tag_days' WHEN seconds >= 3600 THEN 'tag_hours'
                       WHEN seconds >= 60 THEN 'tag_minutes' END;
    unit double precision := CASE level WHEN 'tag_days' THEN 86400 WHEN 'tag_hours' THEN 3600
                                        WHEN 'tag_minutes' THEN 60 ELSE 0.001 END;
    width interval := make_interval(secs => ceil(round((seconds / unit)::numeric, 6)) * unit);
    -- whole units of the level are rolled up before this time
    edge timestamptz := CASE WHEN level IS NULL THEN low ELSE greatest(least(
        date_bin(make_interval(secs => unit), (SELECT greatest(upto, '2000-01-03') FROM public.rolled_upto),
                 '2000-01-03 00:00+00'), high), low) END;
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT date_bin(%1$L, p.at, '2000-01-03 00:00+00') AS bin, sum(p.samples)::bigint, min(p.minimum), max(p.maximum),
               sum(p.total) / nullif(sum(p.numbers), 0), sum(p.bad)::bigint, sum(p.uncertain)::bigint
        FROM (
            %2$s
            SELECT s.at, 1 AS samples, s.value AS minimum, s.value AS maximum, s.value AS total,
                   (s.value IS NOT NULL)::int AS numbers, s.is_bad::int AS bad, s.is_uncertain::int AS uncertain
            FROM public.tag_values s WHERE s.tag_id = %3$L AND s.at >= %5$L AND s.at < %6$L
        ) p
        GROUP BY bin ORDER BY bin
    $query$, width, CASE WHEN level IS NULL THEN '' ELSE format($level$
            SELECT r.bucket AS at, r.samples, r.minimum, r.maximum, r.total, r.numbers, r.bad, r.uncertain
            FROM public.%1$I r WHERE r.tag_id = %2$L AND r.bucket >= %3$L AND r.bucket < %4$L
            UNION ALL $level$, level, tag, low, edge) END, tag, low, edge, high);
END $$;

-- Every tag as it was at a time (its newest sample of the minute before), and its range from `before` until `after`.
CREATE FUNCTION public.tags_around(
    moment timestamptz, until timestamptz DEFAULT NULL, margin interval DEFAULT '10 seconds', only_plc text DEFAULT NULL
) RETURNS TABLE (
    tag_id integer, tag text, plc text, at timestamptz, value double precision, text text, quality text, reason text,
    minimum double precision, maximum double precision, mean double precision, samples bigint
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    low timestamptz := moment - margin;
    high timestamptz := coalesce(until, moment) + margin;
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT t.id, t.name, t.plc, n.at, n.value, n.text, n.quality, n.reason, r.minimum, r.maximum, r.mean, r.samples
        FROM public.tags t
        LEFT JOIN LATERAL (
            SELECT s.at, s.value, s.text, s.quality, s.reason FROM (
                SELECT s.* FROM public.tag_samples s
                WHERE s.tag_id = t.id AND s.at > %1$L::timestamptz - interval '1 minute' AND s.at <= %1$L::timestamptz
                UNION ALL
                SELECT s.* FROM public.kept_tag_samples s
                WHERE s.tag_id = t.id AND s.at > %1$L::timestamptz - interval '1 minute' AND s.at <= %1$L::timestamptz
            ) s ORDER BY s.at DESC LIMIT 1
        ) n ON true
        LEFT JOIN LATERAL (
            SELECT min(s.value) AS minimum, max(s.value) AS maximum, avg(s.value) AS mean, count(*) AS samples FROM (
                SELECT s.value FROM public.tag_samples s
                WHERE s.tag_id = t.id AND s.at >= %2$L::timestamptz AND s.at <= %3$L::timestamptz
                UNION ALL
                SELECT s.value FROM public.kept_tag_samples s
                WHERE s.tag_id = t.id AND s.at >= %2$L::timestamptz AND s.at <= %3$L::timestamptz
            ) s
        ) r ON true
        WHERE (n.at IS NOT NULL OR r.samples > 0) AND (%4$L::text IS NULL OR t.plc = %4$L)
        ORDER BY t.name, t.plc
    $query$, moment, low, high, only_plc);
END $$;

-- When a tag was below or above its limits: spans of samples outside that are at most `joined` apart. Minutes without
-- such a sample are not opened; where retention has dropped the samples, the minutes themselves are the spans.
CREATE FUNCTION public.tag_excursions(
    tag integer, low timestamptz, high timestamptz, below double precision DEFAULT NULL,
    above double precision DEFAULT NULL, joined interval DEFAULT '10 seconds'
) RETURNS TABLE (
    first_at timestamptz, last_at timestamptz, samples bigint, minimum double precision, maximum double precision
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    rolled timestamptz := (SELECT greatest(upto, '2000-01-03') FROM public.rolled_upto);
    edge timestamptz := greatest(low, least(high, rolled));
    oldest timestamptz := (SELECT min(s.at) FROM public.tag_values s WHERE s.tag_id = tag);
BEGIN
    RETURN QUERY EXECUTE format($query$
        WITH suspect AS MATERIALIZED (
            SELECT m.bucket, m.minimum, m.maximum, m.samples FROM public.tag_minutes m
            WHERE m.tag_id = %1$L AND m.bucket >= date_bin('1 minute', %2$L::timestamptz, '2000-01-03 00:00+00')
              AND m.bucket < %3$L AND (m.minimum < %5$L::float8 OR m.maximum > %6$L::float8)
        ),
        outside AS (
            SELECT s.at, s.at AS until, 1::bigint AS samples, s.value AS minimum, s.value AS maximum
            FROM suspect JOIN public.tag_values s ON s.tag_id = %1$L AND s.at >= suspect.bucket
                 AND s.at < suspect.bucket + interval '1 minute'
            WHERE s.at >= %2$L AND s.at < %3$L AND (s.value < %5$L::float8 OR s.value > %6$L::float8)
            UNION ALL
            SELECT s.at, s.at, 1, s.value, s.value FROM public.tag_values s
            WHERE s.tag_id = %1$L AND s.at >= %3$L AND s.at < %4$L AND (s.value < %5$L::float8 OR s.value > %6$L::float8)
            UNION ALL
            SELECT m.bucket, m.bucket + interval '1 minute' - interval '1 microsecond', m.samples, m.minimum, m.maximum
            FROM suspect m WHERE m.bucket + interval '1 minute' <= coalesce(%8$L::timestamptz, 'infinity')
        ),
        cut AS (
            SELECT o.*, (o.at - lag(o.until) OVER (ORDER BY o.at, o.until) > %7$L::interval)::int AS starts FROM outside o
        ),
        numbered AS (SELECT c.*, sum(coalesce(c.starts, 1)) OVER (ORDER BY c.at, c.until) AS island FROM cut c)
        SELECT min(n.at), max(n.until), sum(n.samples)::bigint, min(n.minimum), max(n.maximum)
        FROM numbered n GROUP BY n.island ORDER BY 1
    $query$, tag, low, edge, high, below, above, joined, oldest);
END $$;
