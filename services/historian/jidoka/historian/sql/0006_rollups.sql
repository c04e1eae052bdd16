-- Roll-ups on both engines: minutes that got new facts are due; the historian rolls them up from the facts, then their
-- hours and days from the finer level. A bucket is replaced as a whole, and only while its facts are still there.

CREATE FUNCTION record.roll_up_tag_minute(at_minute timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- literals, so that the planner sees one chunk; the index on (tag_id, at) is probed once a tag
    EXECUTE format($query$
        INSERT INTO record.tag_minutes (bucket, tag_id, samples, bad, minimum, maximum, total, numbers)
        SELECT %1$L::timestamptz, t.id, s.samples, s.bad, s.minimum, s.maximum, s.total, s.numbers
        FROM record.tags t
        CROSS JOIN LATERAL (
            SELECT count(*)::int AS samples, count(bad)::int AS bad, min(value) AS minimum, max(value) AS maximum,
                   coalesce(sum(value), 0) AS total, count(value)::int AS numbers
            FROM record.tag_samples WHERE tag_id = t.id AND at >= %1$L::timestamptz AND at < %2$L::timestamptz
        ) s
        WHERE s.samples > 0
        ON CONFLICT (tag_id, bucket) DO UPDATE SET samples = EXCLUDED.samples, bad = EXCLUDED.bad,
            minimum = EXCLUDED.minimum, maximum = EXCLUDED.maximum, total = EXCLUDED.total, numbers = EXCLUDED.numbers
    $query$, at_minute, at_minute + interval '1 minute');
END $$;

CREATE FUNCTION record.roll_up_tag_level(finer text, coarser text, low timestamptz, high timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($query$
        INSERT INTO record.%2$I (bucket, tag_id, samples, bad, minimum, maximum, total, numbers)
        SELECT %3$L::timestamptz, tag_id, sum(samples), sum(bad), min(minimum), max(maximum), sum(total), sum(numbers)
        FROM record.%1$I
        WHERE tag_id IN (SELECT id FROM record.tags) AND bucket >= %3$L::timestamptz AND bucket < %4$L::timestamptz
        GROUP BY tag_id
        ON CONFLICT (tag_id, bucket) DO UPDATE SET samples = EXCLUDED.samples, bad = EXCLUDED.bad,
            minimum = EXCLUDED.minimum, maximum = EXCLUDED.maximum, total = EXCLUDED.total, numbers = EXCLUDED.numbers
    $query$, finer, coarser, low, high);
END $$;

-- Rolls up at most `most` due minutes that ended before `closed`, oldest first. Returns how many.
CREATE FUNCTION record.roll_up_tags(closed timestamptz, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    minutes timestamptz[];
    one timestamptz;
BEGIN
    WITH taken AS (
        DELETE FROM record.due_minutes WHERE minute IN (
            SELECT minute FROM record.due_minutes WHERE minute + interval '1 minute' <= closed ORDER BY minute LIMIT most
        ) RETURNING minute
    )
    SELECT array_agg(minute ORDER BY minute) INTO minutes FROM taken;
    FOREACH one IN ARRAY coalesce(minutes, '{}') LOOP
        PERFORM record.roll_up_tag_minute(one);
    END LOOP;
    FOR one IN SELECT DISTINCT date_bin('1 hour', m, '2000-01-03 00:00+00') FROM unnest(minutes) AS m LOOP
        PERFORM record.roll_up_tag_level('tag_minutes', 'tag_hours', one, one + interval '1 hour');
    END LOOP;
    FOR one IN SELECT DISTINCT date_bin('1 day', m, '2000-01-03 00:00+00') FROM unnest(minutes) AS m LOOP
        PERFORM record.roll_up_tag_level('tag_hours', 'tag_days', one, one + interval '24 hours');
    END LOOP;
    IF NOT EXISTS (SELECT FROM record.due_minutes WHERE minute + interval '1 minute' <= closed) THEN
        UPDATE record.rolled SET upto = greatest(upto, date_bin('1 minute', closed, '2000-01-03 00:00+00'));
    END IF;
    RETURN coalesce(array_length(minutes, 1), 0);
END $$;

CREATE VIEW public.rolled_upto AS SELECT upto FROM record.rolled;

-- The trend of one tag in at most `points` buckets (aligned to their own width), from the coarsest level that can tell
-- them apart; what is not rolled up yet comes from the samples. Numbers of a bucket: its samples, minimum, maximum, mean.
CREATE FUNCTION public.tag_trend(tag integer, low timestamptz, high timestamptz, points integer DEFAULT 1000)
RETURNS TABLE (at timestamptz, samples bigint, minimum double precision, maximum double precision, mean double precision)
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
               sum(p.total) / nullif(sum(p.numbers), 0)
        FROM (
            %2$s
            SELECT s.at, 1 AS samples, s.value AS minimum, s.value AS maximum, s.value AS total,
                   (s.value IS NOT NULL)::int AS numbers
            FROM public.tag_values s WHERE s.tag_id = %3$L AND s.at >= %5$L AND s.at < %6$L
        ) p
        GROUP BY bin ORDER BY bin
    $query$, width, CASE WHEN level IS NULL THEN '' ELSE format($level$
            SELECT r.bucket AS at, r.samples, r.minimum, r.maximum, r.total, r.numbers
            FROM public.%1$I r WHERE r.tag_id = %2$L AND r.bucket >= %3$L AND r.bucket < %4$L
            UNION ALL $level$, level, tag, low, edge) END, tag, low, edge, high);
END $$;

CREATE VIEW public.tag_values AS SELECT at, tag_id, value FROM record.tag_samples;

DO $$
DECLARE
    level text;
BEGIN
    FOREACH level IN ARRAY ARRAY['tag_minutes', 'tag_hours', 'tag_days'] LOOP
        EXECUTE format('CREATE OR REPLACE VIEW public.%1$I AS
            SELECT bucket, tag_id, samples, bad, minimum, maximum, total / nullif(numbers, 0) AS mean, total, numbers
            FROM record.%1$I', level);
    END LOOP;
END $$;

GRANT SELECT ON public.rolled_upto, public.tag_values TO jidoka_read;
