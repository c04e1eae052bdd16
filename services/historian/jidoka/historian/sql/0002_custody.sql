-- Who sent what: the transactional inbox, its watermarks, what was given up, what could not be stored.

CREATE TABLE record.custody (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    stream text NOT NULL,
    epoch uuid NOT NULL,
    upto bigint NOT NULL DEFAULT 0,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source, stream, epoch)
);

-- One row for each message committed above the watermark, and a tail below it that tells a repeat from a forgery.
CREATE TABLE record.inbox (
    custody_id integer NOT NULL,
    seq bigint NOT NULL,
    hash uuid NOT NULL,
    PRIMARY KEY (custody_id, seq)
);

CREATE TABLE record.lost (
    custody_id integer NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (custody_id, first, last)
);

CREATE TABLE record.dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    times bigint NOT NULL DEFAULT 1,
    kind text NOT NULL,
    error text NOT NULL,
    sqlstate text,
    topic text NOT NULL,
    content_type text,
    properties json NOT NULL,
    payload bytea NOT NULL,
    hash uuid NOT NULL,
    source text,
    stream text,
    epoch uuid,
    seq bigint,
    service_version text NOT NULL,
    resolved_at timestamptz,
    resolution text
);
-- The same garbage published for ever is one row with a count.
CREATE UNIQUE INDEX dead_letters_open ON record.dead_letters (hash, topic, kind) WHERE resolved_at IS NULL;
CREATE INDEX dead_letters_received ON record.dead_letters (received_at);

CREATE VIEW public.custody_gaps AS
SELECT c.source, c.stream, c.epoch, lower(gap) AS first, upper(gap) - 1 AS last,
       upper(gap) - lower(gap) AS missing, c.last_at
FROM record.custody c
CROSS JOIN LATERAL (
    SELECT range_agg(span) AS covered, max(upper(span)) AS beyond
    FROM (
        SELECT int8range(0, c.upto, '[]') AS span
        UNION ALL SELECT int8range(i.seq, i.seq, '[]') FROM record.inbox i
                  WHERE i.custody_id = c.id AND i.seq > c.upto
        UNION ALL SELECT int8range(l.first, l.last, '[]') FROM record.lost l WHERE l.custody_id = c.id
    ) spans
) known
CROSS JOIN LATERAL unnest(int8multirange(int8range(1, known.beyond)) - known.covered) AS gap;

CREATE VIEW public.custody AS
SELECT source, stream, epoch, upto, first_at, last_at FROM record.custody;

CREATE VIEW public.lost_records AS
SELECT c.source, c.stream, c.epoch, l.first, l.last, l.last - l.first + 1 AS records, l.reason, l.at
FROM record.lost l JOIN record.custody c ON c.id = l.custody_id;

CREATE VIEW public.dead_letters AS
SELECT id, received_at, last_at, times, kind, error, sqlstate, topic, content_type, length(payload) AS payload_bytes,
       source, stream, epoch, seq, service_version, resolved_at, resolution
FROM record.dead_letters;

GRANT SELECT ON public.custody_gaps, public.custody, public.lost_records, public.dead_letters TO jidoka_read;
