-- Tags: samples as they came, and their minutes, hours and days.

CREATE TABLE record.tags (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plc text NOT NULL,
    scan_group text NOT NULL,
    name text NOT NULL,
    kind text,
    first_at timestamptz NOT NULL,
    UNIQUE (plc, name)
);
CREATE INDEX tags_name ON record.tags (name);

-- value holds numbers and booleans (0, 1); text holds strings, and integers too long for a double in full. A bad sample
-- has neither and says why. Nulls cost nothing here: six columns fit into the row header's null bitmap.
SELECT record.create_series('tag_samples', $$
    at timestamptz NOT NULL,
    value double precision,
    tag_id integer NOT NULL,
    text text,
    bad text,
    claimed_at timestamptz
$$, 'at', '1 day', 'tag_id');
CREATE INDEX tag_samples_tag ON record.tag_samples (tag_id, at DESC);

DO $$
DECLARE
    level record;
BEGIN
    FOR level IN SELECT * FROM (VALUES ('tag_minutes', interval '7 days'), ('tag_hours', interval '91 days'),
                                       ('tag_days', interval '364 days')) AS l (name, step) LOOP
        PERFORM record.create_series(level.name, $columns$
            bucket timestamptz NOT NULL,
            tag_id integer NOT NULL,
            samples integer NOT NULL,
            bad integer NOT NULL,
            minimum double precision,
            maximum double precision,
            total double precision NOT NULL,
            numbers integer NOT NULL,
            PRIMARY KEY (tag_id, bucket)
        $columns$, 'bucket', level.step, 'tag_id');
    END LOOP;
END $$;

-- Minutes whose roll-up is older than their samples, and up to where all have been rolled up at least once.
CREATE TABLE record.due_minutes (minute timestamptz PRIMARY KEY);
CREATE TABLE record.rolled (upto timestamptz NOT NULL);
INSERT INTO record.rolled VALUES ('-infinity');

CREATE VIEW public.tags AS
SELECT id, name, plc, scan_group, kind, first_at FROM record.tags;

CREATE VIEW public.tag_samples AS
SELECT s.at, s.tag_id, t.name AS tag, t.plc, s.value, s.text, s.bad, s.claimed_at
FROM record.tag_samples s JOIN record.tags t ON t.id = s.tag_id;

CREATE VIEW public.tag_latest AS
SELECT t.id AS tag_id, t.name AS tag, t.plc, t.scan_group, t.kind, s.at, s.value, s.text, s.bad
FROM record.tags t
CROSS JOIN LATERAL (
    SELECT l.at, l.value, l.text, l.bad FROM record.tag_samples l
    WHERE l.tag_id = t.id ORDER BY l.at DESC LIMIT 1
) s;

CREATE VIEW public.tag_minutes AS
SELECT bucket, tag_id, samples, bad, minimum, maximum, total / nullif(numbers, 0) AS mean FROM record.tag_minutes;
CREATE VIEW public.tag_hours AS
SELECT bucket, tag_id, samples, bad, minimum, maximum, total / nullif(numbers, 0) AS mean FROM record.tag_hours;
CREATE VIEW public.tag_days AS
SELECT bucket, tag_id, samples, bad, minimum, maximum, total / nullif(numbers, 0) AS mean FROM record.tag_days;

GRANT SELECT ON public.tags, public.tag_samples, public.tag_latest, public.tag_minutes, public.tag_hours, public.tag_days
    TO jidoka_read;
