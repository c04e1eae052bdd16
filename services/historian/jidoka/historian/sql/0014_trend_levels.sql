-- Three hours are a level of their own: of a quarter of a year they are about as many points as a screen shows, and a trend
-- that asks for a level's own width reads its rows as they are.

SELECT record.create_series('tag_three_hours', 'LIKE record.tag_hours INCLUDING DEFAULTS, PRIMARY KEY (tag_id, bucket)',
                            'bucket', '364 days', 'tag_id');
CREATE INDEX tag_three_hours_trend ON record.tag_three_hours (tag_id, bucket)
    INCLUDE (samples, minimum, maximum, total, numbers, bad, uncertain);

SELECT record.make_partitions(min(bucket), now() + interval '7 days') FROM record.tag_hours HAVING count(*) > 0;
INSERT INTO record.tag_three_hours (bucket, tag_id, samples, bad, uncertain, minimum, maximum, total, numbers)
SELECT date_bin('3 hours', bucket, '2000-01-03 00:00+00'), tag_id, sum(samples), sum(bad), sum(uncertain), min(minimum),
       max(maximum), sum(total), sum(numbers)
FROM record.tag_hours GROUP BY 1, 2;

CREATE VIEW public.tag_three_hours AS
SELECT bucket, tag_id, samples, bad, minimum, maximum, total / nullif(numbers, 0) AS mean, total, numbers, uncertain
FROM record.tag_three_hours;
GRANT SELECT ON public.tag_three_hours TO jidoka_read;

CREATE OR REPLACE FUNCTION record.roll_up_tags(closed timestamptz, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    minutes timestamptz[];
    one timestamptz;
    finer text;
    coarser text;
    unit interval;
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
    FOR finer, coarser, unit IN VALUES ('tag_minutes', 'tag_hours', interval '1 hour'),
        ('tag_hours', 'tag_three_hours', '3 hours'), ('tag_hours', 'tag_days', '24 hours')
    LOOP
        FOR one IN SELECT DISTINCT date_bin(unit, m, '2000-01-03 00:00+00') FROM unnest(minutes) AS m LOOP
            PERFORM record.roll_up_tag_level(finer, coarser, one, one + unit);
        END LOOP;
    END LOOP;
    IF NOT EXISTS (SELECT FROM record.due_minutes WHERE minute + interval '1 minute' <= closed) THEN
        UPDATE record.rolled SET upto = greatest(upto, date_bin('1 minute', closed, '2000-01-03 00:00+00'));
    END IF;
    RETURN coalesce(array_length(minutes, 1), 0);
END $$;

-- The trend of one tag in at most `points` buckets, aligned to their own width. A width of more than half of a level's unit
-- is made a multiple of that unit, so that there are at least half as many and a month reads hours instead of minutes.
-- What the level does not hold yet comes from the minutes, and what these do not hold from the samples. Numbers of a bucket:
-- its samples, minimum, maximum, mean, and how many samples were bad or uncertain.
CREATE OR REPLACE FUNCTION public.tag_trend(
    tag integer, low timestamptz, high timestamptz, points integer DEFAULT 1000
) RETURNS TABLE (at timestamptz, samples bigint, minimum double precision, maximum double precision,
                 mean double precision, bad bigint, uncertain bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    origin CONSTANT timestamptz := '2000-01-03 00:00+00';
    seconds CONSTANT double precision := greatest(extract(epoch FROM high - low) / greatest(points, 1), 0.001);
    unit CONSTANT double precision := CASE WHEN seconds > 43200 THEN 86400 WHEN seconds > 5400 THEN 10800
        WHEN seconds > 1800 THEN 3600 WHEN seconds > 30 THEN 60 ELSE 0.001 END;
    level CONSTANT text := CASE unit WHEN 86400 THEN 'tag_days' WHEN 10800 THEN 'tag_three_hours' WHEN 3600 THEN 'tag_hours'
        WHEN 60 THEN 'tag_minutes' END;
    width CONSTANT interval := make_interval(secs => ceil(round((seconds / unit)::numeric, 6)) * unit);
    rolled CONSTANT timestamptz := greatest((SELECT upto FROM public.rolled_upto), origin);
    -- whole units of the level are rolled up before this time, and whole minutes before the other
    edge CONSTANT timestamptz := CASE WHEN level IS NULL THEN low
        ELSE greatest(least(date_bin(make_interval(secs => unit), rolled, origin), high), low) END;
    minute CONSTANT timestamptz := CASE WHEN level IS NULL THEN low
        ELSE greatest(least(date_bin('1 minute', rolled, origin), high), edge) END;
    -- literals, so that the planner sees which chunks it needs
    rolled_rows CONSTANT text := 'SELECT r.bucket AS at, r.samples, r.minimum, r.maximum, r.total, r.numbers, r.bad, r.uncertain
        FROM public.%1$I r WHERE r.tag_id = %2$L AND r.bucket >= %3$L AND r.bucket < %4$L';
    as_it_is CONSTANT timestamptz := CASE WHEN width = make_interval(secs => unit) THEN edge ELSE low END;
BEGIN
    IF level = 'tag_days' AND low < as_it_is THEN
        RETURN QUERY SELECT r.bucket, r.samples::bigint, r.minimum, r.maximum, r.mean, r.bad::bigint, r.uncertain::bigint
        FROM public.tag_days r WHERE r.tag_id = tag AND r.bucket >= low AND r.bucket < as_it_is ORDER BY r.bucket;
    ELSIF level = 'tag_three_hours' AND low < as_it_is THEN
        RETURN QUERY SELECT r.bucket, r.samples::bigint, r.minimum, r.maximum, r.mean, r.bad::bigint, r.uncertain::bigint
        FROM public.tag_three_hours r WHERE r.tag_id = tag AND r.bucket >= low AND r.bucket < as_it_is ORDER BY r.bucket;
    ELSIF level = 'tag_hours' AND low < as_it_is THEN
        RETURN QUERY SELECT r.bucket, r.samples::bigint, r.minimum, r.maximum, r.mean, r.bad::bigint, r.uncertain::bigint
        FROM public.tag_hours r WHERE r.tag_id = tag AND r.bucket >= low AND r.bucket < as_it_is ORDER BY r.bucket;
    ELSIF level = 'tag_minutes' AND low < as_it_is THEN
        RETURN QUERY SELECT r.bucket, r.samples::bigint, r.minimum, r.maximum, r.mean, r.bad::bigint, r.uncertain::bigint
        FROM public.tag_minutes r WHERE r.tag_id = tag AND r.bucket >= low AND r.bucket < as_it_is ORDER BY r.bucket;
    END IF;
    IF as_it_is < high THEN
        RETURN QUERY EXECUTE format($query$
            SELECT date_bin(%1$L, p.at, %2$L) AS bin, sum(p.samples)::bigint, min(p.minimum), max(p.maximum),
                   sum(p.total) / nullif(sum(p.numbers), 0), sum(p.bad)::bigint, sum(p.uncertain)::bigint
            FROM (%3$s) p GROUP BY bin ORDER BY bin
        $query$, width, origin, concat_ws(' UNION ALL ',
            CASE WHEN as_it_is < edge THEN format(rolled_rows, level, tag, as_it_is, edge) END,
            CASE WHEN edge < minute THEN format(rolled_rows, 'tag_minutes', tag, edge, minute) END,
            CASE WHEN minute < high THEN format($samples$
                SELECT s.at, 1 AS samples, s.value AS minimum, s.value AS maximum, s.value AS total,
                       (s.value IS NOT NULL)::int AS numbers, s.is_bad::int AS bad, s.is_uncertain::int AS uncertain
                FROM public.tag_values s WHERE s.tag_id = %1$L AND s.at >= %2$L AND s.at < %3$L
            $samples$, tag, minute, high) END));
    END IF;
END $$;
