-- What people keep beyond every retention, how good a sample is, parts that went through a bypassed station.

ALTER TABLE record.parts ADD COLUMN bypassed boolean;
ALTER TABLE record.actions ADD COLUMN first_at timestamptz;
ALTER TABLE record.tag_samples ADD COLUMN uncertain text;

-- Which parts somebody keeps. Their rows of plain tables stay where they are, images are moved to kept_images, and
-- retention moves their inspections, defects and samples here before it drops a chunk: so each fact is in one place.
CREATE TABLE record.kept_parts (
    part_id uuid PRIMARY KEY,
    actor text NOT NULL,
    comment text,
    kept_at timestamptz NOT NULL,
    -- the tags around the part that are kept with it
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL
);
CREATE INDEX kept_parts_span ON record.kept_parts USING gist (tstzrange(first_at, last_at, '[]'));

CREATE TABLE record.kept_inspections (LIKE record.inspections, PRIMARY KEY (id, created_at));
CREATE INDEX kept_inspections_part ON record.kept_inspections (part_id);
CREATE INDEX kept_inspections_created ON record.kept_inspections (created_at DESC, id DESC);
CREATE TABLE record.kept_defects (LIKE record.defects, PRIMARY KEY (id, created_at));
CREATE INDEX kept_defects_part ON record.kept_defects (part_id);
CREATE INDEX kept_defects_created ON record.kept_defects (created_at DESC, id DESC);
CREATE TABLE record.kept_tag_samples (LIKE record.tag_samples);
CREATE INDEX kept_tag_samples_tag ON record.kept_tag_samples (tag_id, at DESC);

-- Moves what people keep out of the rows before `edge`, which the caller drops in the same transaction.
CREATE FUNCTION record.rescue(table_name text, edge timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    rescued bigint := 0;
BEGIN
    IF table_name IN ('inspections', 'defects') THEN
        EXECUTE format('INSERT INTO record.%1$I SELECT s.* FROM record.%2$I s JOIN record.kept_parts k USING (part_id)
                        WHERE s.created_at < %3$L', 'kept_' || table_name, table_name, edge);
        GET DIAGNOSTICS rescued = ROW_COUNT;
    ELSIF table_name = 'tag_samples' THEN
        -- spans of several kept parts may overlap: each sample is taken once
        INSERT INTO record.kept_tag_samples
        SELECT s.* FROM (
            SELECT unnest(range_agg(tstzrange(first_at, last_at, '[]'))) AS span FROM record.kept_parts
            WHERE first_at < edge
        ) spans
        CROSS JOIN record.tags t
        JOIN record.tag_samples s ON s.tag_id = t.id AND s.at >= lower(span) AND s.at <= upper(span) AND s.at < edge;
        GET DIAGNOSTICS rescued = ROW_COUNT;
    END IF;
    RETURN rescued;
END $$;

-- Native partitions that lie wholly before `before`, by the bounds in their names; what people keep is moved first.
CREATE OR REPLACE FUNCTION record.drop_partitions(table_name text, before timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    one record.series;
    child text;
    edge timestamptz;
    dropped integer := 0;
BEGIN
    SELECT * INTO STRICT one FROM record.series WHERE name = table_name AND NOT hypertable;
    SELECT max(ends) INTO edge FROM (
        SELECT to_timestamp(right(c.relname, 8) || ' +00', 'YYYYMMDD TZH') + one.step AS ends
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = format('record.%I', table_name)::regclass
    ) bounds WHERE ends <= before;
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

CREATE OR REPLACE VIEW public.parts AS
SELECT p.id, p.sku, p.batch, p.station, p.result, p.cycle_time_ms, p.quality_score, p.created_at,
       p.serial, p.plc, p.counter, p.replayed, p.deadline_ms, p.ruling, p.reason, p.detail, p.confirmed,
       p.decided_at, p.latency_ms, p.claimed_at,
       (SELECT d.disposition FROM record.dispositions d
        WHERE d.part_id = p.id AND d.defect_id IS NULL AND d.undone_at IS NULL
        ORDER BY d.created_at DESC, d.id DESC LIMIT 1) AS disposition,
       p.bypassed, EXISTS (SELECT FROM record.kept_parts k WHERE k.part_id = p.id) AS kept
FROM record.parts p
WHERE p.arrived OR p.decided_at IS NOT NULL;

CREATE OR REPLACE VIEW public.decisions AS
SELECT p.id AS part_id, p.station, p.plc, p.counter, p.ruling, p.result, p.reason, p.detail, p.verdicts AS inspections,
       p.absent, p.confirmed, p.created_at AS arrived_at, p.decided_at, p.latency_ms,
       encode(p.config_sha256, 'hex') AS config_sha256, p.decided_at AS created_at, coalesce(p.bypassed, false) AS bypassed
FROM record.parts p
WHERE p.decided_at IS NOT NULL;

-- Both halves read one table and have no condition of their own, so that a sorted page is read from the indexes.
CREATE OR REPLACE VIEW public.inspections AS
SELECT i.id, i.frame_id, i.part_id, i.station, i.camera, i.role, i.verdict, i.reason, i.quality_score, i.defect_count,
       (SELECT m.name FROM record.models m WHERE m.id = i.model_id) AS model,
       (SELECT m.version FROM record.models m WHERE m.id = i.model_id) AS model_version,
       (SELECT encode(m.sha256, 'hex') FROM record.models m WHERE m.id = i.model_id) AS model_sha256,
       encode(i.config_sha256, 'hex') AS config_sha256, i.width, i.height, i.created_at AS captured_at, i.inspected_at,
       i.queue_ms, i.decode_ms, i.prepare_ms, i.model_ms, i.finish_ms, i.created_at, i.claimed_at
FROM record.inspections i
UNION ALL
SELECT i.id, i.frame_id, i.part_id, i.station, i.camera, i.role, i.verdict, i.reason, i.quality_score, i.defect_count,
       (SELECT m.name FROM record.models m WHERE m.id = i.model_id) AS model,
       (SELECT m.version FROM record.models m WHERE m.id = i.model_id) AS model_version,
       (SELECT encode(m.sha256, 'hex') FROM record.models m WHERE m.id = i.model_id) AS model_sha256,
       encode(i.config_sha256, 'hex') AS config_sha256, i.width, i.height, i.created_at AS captured_at, i.inspected_at,
       i.queue_ms, i.decode_ms, i.prepare_ms, i.model_ms, i.finish_ms, i.created_at, i.claimed_at
FROM record.kept_inspections i;

CREATE OR REPLACE VIEW public.defects AS
SELECT f.id, f.part_id, f.frame_id, f.class, f.confidence, f.station,
       (SELECT d.disposition FROM record.dispositions d
        WHERE d.defect_id = f.id AND d.undone_at IS NULL
        ORDER BY d.created_at DESC, d.id DESC LIMIT 1) AS disposition,
       jsonb_build_object('x', f.x, 'y', f.y, 'width', f.width, 'height', f.height) AS bounding_box,
       f.created_at, f.inspection_id, f.camera, f.role
FROM record.defects f
UNION ALL
SELECT f.id, f.part_id, f.frame_id, f.class, f.confidence, f.station,
       (SELECT d.disposition FROM record.dispositions d
        WHERE d.defect_id = f.id AND d.undone_at IS NULL
        ORDER BY d.created_at DESC, d.id DESC LIMIT 1) AS disposition,
       jsonb_build_object('x', f.x, 'y', f.y, 'width', f.width, 'height', f.height) AS bounding_box,
       f.created_at, f.inspection_id, f.camera, f.role
FROM record.kept_defects f;

CREATE OR REPLACE VIEW public.actions AS
SELECT id, kind, actor, comment, source, target, created_at, applied, reason, by, answered_at, first_at
FROM record.actions;

CREATE OR REPLACE VIEW public.tag_samples AS
SELECT s.at, s.tag_id, t.name AS tag, t.plc, s.value, s.text, s.bad, s.claimed_at,
       CASE WHEN s.bad IS NOT NULL THEN 'bad' WHEN s.uncertain IS NOT NULL THEN 'uncertain' ELSE 'good' END AS quality,
       coalesce(s.bad, s.uncertain) AS reason
FROM record.tag_samples s JOIN record.tags t ON t.id = s.tag_id;

CREATE OR REPLACE VIEW public.tag_latest AS
SELECT t.id AS tag_id, t.name AS tag, t.plc, t.scan_group, t.kind, s.at, s.value, s.text, s.bad,
       CASE WHEN s.bad IS NOT NULL THEN 'bad' WHEN s.uncertain IS NOT NULL THEN 'uncertain' ELSE 'good' END AS quality,
       coalesce(s.bad, s.uncertain) AS reason
FROM record.tags t
CROSS JOIN LATERAL (
    SELECT l.at, l.value, l.text, l.bad, l.uncertain FROM record.tag_samples l
    WHERE l.tag_id = t.id ORDER BY l.at DESC LIMIT 1
) s;

CREATE VIEW public.kept_parts AS SELECT part_id, actor, comment, kept_at FROM record.kept_parts;

CREATE VIEW public.kept_tag_samples AS
SELECT s.at, s.tag_id, t.name AS tag, t.plc, s.value, s.text, s.bad, s.claimed_at,
       CASE WHEN s.bad IS NOT NULL THEN 'bad' WHEN s.uncertain IS NOT NULL THEN 'uncertain' ELSE 'good' END AS quality,
       coalesce(s.bad, s.uncertain) AS reason
FROM record.kept_tag_samples s JOIN record.tags t ON t.id = s.tag_id;

GRANT SELECT ON public.kept_parts, public.kept_tag_samples TO jidoka_read;
