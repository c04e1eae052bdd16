-- Parts, decisions, inspections, defects, captures, images, and what people say of them.

-- One row a part: the arrival and the decision fill their halves in whichever order they come. A plain table, so that
-- `id` is unique on both engines and one probe finds a part; retention deletes in small steps.
CREATE TABLE record.parts (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL,
    claimed_at timestamptz,
    station text NOT NULL,
    plc text,
    counter bigint,
    arrived boolean NOT NULL DEFAULT false,
    replayed boolean,
    serial text,
    sku text,
    batch text,
    cycle_time_ms double precision,
    deadline_ms double precision,
    quality_score double precision,
    result text,
    ruling text,
    reason text,
    detail text,
    verdicts jsonb,
    absent text[],
    confirmed boolean,
    decided_at timestamptz,
    latency_ms double precision,
    config_sha256 bytea
) WITH (fillfactor = 80);
CREATE INDEX parts_created ON record.parts (created_at DESC, id DESC);
CREATE INDEX parts_station ON record.parts (station, created_at DESC, id DESC);
CREATE INDEX parts_serial ON record.parts (serial, created_at DESC) WHERE serial IS NOT NULL;
CREATE INDEX parts_batch ON record.parts (batch, created_at DESC) WHERE batch IS NOT NULL;
CREATE INDEX parts_not_passed ON record.parts (result, created_at DESC, id DESC) WHERE result <> 'pass';

CREATE TABLE record.missed_parts (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL,
    claimed_at timestamptz,
    station text NOT NULL,
    plc text NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    count bigint NOT NULL,
    reason text NOT NULL
);
CREATE INDEX missed_parts_station ON record.missed_parts (station, created_at DESC);

CREATE TABLE record.captures (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL,
    claimed_at timestamptz,
    part_id uuid NOT NULL,
    station text NOT NULL,
    camera text NOT NULL,
    code text NOT NULL,
    reason text NOT NULL
);
CREATE INDEX captures_part ON record.captures (part_id);
CREATE INDEX captures_created ON record.captures (created_at DESC);

CREATE TABLE record.models (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    sha256 bytea NOT NULL,
    first_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (name, version, sha256)
);

SELECT record.create_series('inspections', $$
    created_at timestamptz NOT NULL,
    id uuid NOT NULL,
    claimed_at timestamptz,
    frame_id uuid NOT NULL,
    part_id uuid,
    station text NOT NULL,
    camera text NOT NULL,
    role text NOT NULL,
    verdict text NOT NULL,
    reason text,
    quality_score double precision,
    defect_count integer NOT NULL,
    model_id integer NOT NULL,
    config_sha256 bytea NOT NULL,
    width integer,
    height integer,
    inspected_at timestamptz NOT NULL,
    queue_ms real NOT NULL,
    decode_ms real NOT NULL,
    prepare_ms real NOT NULL,
    model_ms real NOT NULL,
    finish_ms real NOT NULL,
    PRIMARY KEY (id, created_at)
$$, 'created_at', '7 days', 'station');
CREATE INDEX inspections_part ON record.inspections (part_id);
CREATE INDEX inspections_created ON record.inspections (created_at DESC, id DESC);

SELECT record.create_series('defects', $$
    created_at timestamptz NOT NULL,
    id uuid NOT NULL,
    inspection_id uuid NOT NULL,
    frame_id uuid NOT NULL,
    part_id uuid,
    station text NOT NULL,
    camera text NOT NULL,
    role text NOT NULL,
    class text NOT NULL,
    confidence double precision NOT NULL,
    x double precision NOT NULL,
    y double precision NOT NULL,
    width double precision NOT NULL,
    height double precision NOT NULL,
    PRIMARY KEY (id, created_at)
$$, 'created_at', '7 days', 'station');
CREATE INDEX defects_part ON record.defects (part_id);
CREATE INDEX defects_created ON record.defects (created_at DESC, id DESC);

-- Evidence, one table a retention class, so that dropping old images drops whole chunks.
DO $$
DECLARE
    class text;
BEGIN
    FOREACH class IN ARRAY ARRAY['images_fail', 'images_pass'] LOOP
        PERFORM record.create_series(class, $columns$
            created_at timestamptz NOT NULL,
            frame_id uuid NOT NULL,
            claimed_at timestamptz,
            inspection_id uuid NOT NULL,
            part_id uuid,
            station text NOT NULL,
            camera text NOT NULL,
            verdict text NOT NULL,
            width integer NOT NULL,
            height integer NOT NULL,
            sha256 bytea NOT NULL,
            image bytea NOT NULL,
            PRIMARY KEY (frame_id, created_at)
        $columns$, 'created_at', '1 day');
        -- JPEG does not compress again
        EXECUTE format('ALTER TABLE record.%I ALTER COLUMN image SET STORAGE EXTERNAL', class);
        EXECUTE format('CREATE INDEX %I ON record.%I (part_id)', class || '_part', class);
    END LOOP;
END $$;

-- Images that a person's judgement made worth keeping: moved here, out of the reach of retention.
CREATE TABLE record.kept_images (
    LIKE record.images_fail INCLUDING STORAGE,
    kept_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (frame_id)
);
CREATE INDEX kept_images_part ON record.kept_images (part_id);

CREATE TABLE record.actions (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    actor text NOT NULL,
    comment text,
    source text NOT NULL,
    target uuid NOT NULL,
    created_at timestamptz NOT NULL,
    claimed_at timestamptz,
    applied boolean NOT NULL,
    reason text,
    by text,
    answered_at timestamptz NOT NULL
);
CREATE INDEX actions_created ON record.actions (created_at DESC, id DESC);

CREATE TABLE record.dispositions (
    id uuid PRIMARY KEY,
    part_id uuid NOT NULL,
    defect_id uuid,
    disposition text NOT NULL,
    actor text NOT NULL,
    comment text,
    created_at timestamptz NOT NULL,
    undone_by text,
    undone_at timestamptz,
    undo_comment text
);
CREATE INDEX dispositions_part ON record.dispositions (part_id, created_at DESC);
CREATE INDEX dispositions_defect ON record.dispositions (defect_id, created_at DESC) WHERE defect_id IS NOT NULL;

CREATE VIEW public.parts AS
SELECT p.id, p.sku, p.batch, p.station, p.result, p.cycle_time_ms, p.quality_score, p.created_at,
       p.serial, p.plc, p.counter, p.replayed, p.deadline_ms, p.ruling, p.reason, p.detail, p.confirmed,
       p.decided_at, p.latency_ms, p.claimed_at,
       (SELECT d.disposition FROM record.dispositions d
        WHERE d.part_id = p.id AND d.defect_id IS NULL AND d.undone_at IS NULL
        ORDER BY d.created_at DESC, d.id DESC LIMIT 1) AS disposition
FROM record.parts p
WHERE p.arrived OR p.decided_at IS NOT NULL;

CREATE VIEW public.decisions AS
SELECT p.id AS part_id, p.station, p.plc, p.counter, p.ruling, p.result, p.reason, p.detail, p.verdicts AS inspections,
       p.absent, p.confirmed, p.created_at AS arrived_at, p.decided_at, p.latency_ms,
       encode(p.config_sha256, 'hex') AS config_sha256, p.decided_at AS created_at
FROM record.parts p
WHERE p.decided_at IS NOT NULL;

CREATE VIEW public.missed_parts AS
SELECT id, station, plc, first, last, count, reason, created_at, claimed_at FROM record.missed_parts;

CREATE VIEW public.captures AS
SELECT id, part_id, station, camera, code, reason, created_at, claimed_at FROM record.captures;

CREATE VIEW public.models AS
SELECT id, name, version, encode(sha256, 'hex') AS sha256, first_at FROM record.models;

CREATE VIEW public.inspections AS
SELECT i.id, i.frame_id, i.part_id, i.station, i.camera, i.role, i.verdict, i.reason, i.quality_score, i.defect_count,
       m.name AS model, m.version AS model_version, encode(m.sha256, 'hex') AS model_sha256,
       encode(i.config_sha256, 'hex') AS config_sha256, i.width, i.height, i.created_at AS captured_at, i.inspected_at,
       i.queue_ms, i.decode_ms, i.prepare_ms, i.model_ms, i.finish_ms, i.created_at, i.claimed_at
FROM record.inspections i LEFT JOIN record.models m ON m.id = i.model_id;

CREATE VIEW public.defects AS
SELECT f.id, f.part_id, f.frame_id, f.class, f.confidence, f.station,
       (SELECT d.disposition FROM record.dispositions d
        WHERE d.defect_id = f.id AND d.undone_at IS NULL
        ORDER BY d.created_at DESC, d.id DESC LIMIT 1) AS disposition,
       jsonb_build_object('x', f.x, 'y', f.y, 'width', f.width, 'height', f.height) AS bounding_box,
       f.created_at, f.inspection_id, f.camera, f.role
FROM record.defects f;

CREATE VIEW public.images AS
SELECT frame_id, inspection_id, part_id, station, camera, verdict, width, height, encode(sha256, 'hex') AS sha256, image,
       false AS kept, created_at, claimed_at FROM record.images_fail
UNION ALL
SELECT frame_id, inspection_id, part_id, station, camera, verdict, width, height, encode(sha256, 'hex') AS sha256, image,
       false AS kept, created_at, claimed_at FROM record.images_pass
UNION ALL
SELECT frame_id, inspection_id, part_id, station, camera, verdict, width, height, encode(sha256, 'hex') AS sha256, image,
       true AS kept, created_at, claimed_at FROM record.kept_images;

CREATE VIEW public.dispositions AS
SELECT id, part_id, defect_id, disposition, actor, comment, created_at, undone_by, undone_at, undo_comment
FROM record.dispositions;

CREATE VIEW public.actions AS
SELECT id, kind, actor, comment, source, target, created_at, applied, reason, by, answered_at FROM record.actions;

GRANT SELECT ON public.parts, public.decisions, public.missed_parts, public.captures, public.models, public.inspections,
    public.defects, public.images, public.dispositions, public.actions TO jidoka_read;
