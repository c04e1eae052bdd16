-- Alarms: one row an occurrence, and everything that happened to it.

CREATE TABLE record.alarms (
    id uuid PRIMARY KEY,
    source text NOT NULL,
    code text NOT NULL,
    subject text NOT NULL,
    station text,
    severity text NOT NULL,
    message text NOT NULL,
    context jsonb NOT NULL,
    said_at timestamptz,
    raised_at timestamptz NOT NULL,
    cleared_at timestamptz,
    acknowledged_by text,
    acknowledged_at timestamptz,
    shelved_by text,
    shelved_until timestamptz,
    comment text,
    changed_at timestamptz NOT NULL
);
CREATE INDEX alarms_raised ON record.alarms (raised_at DESC, id DESC);
CREATE INDEX alarms_subject ON record.alarms (source, code, subject, raised_at DESC);
CREATE INDEX alarms_open ON record.alarms (raised_at DESC) WHERE cleared_at IS NULL OR acknowledged_at IS NULL;
CREATE INDEX alarms_shelved ON record.alarms (shelved_until) WHERE shelved_until IS NOT NULL;

CREATE TABLE record.alarm_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alarm_id uuid NOT NULL,
    event text NOT NULL,
    actor text,
    comment text,
    at timestamptz NOT NULL,
    claimed_at timestamptz
);
CREATE INDEX alarm_events_alarm ON record.alarm_events (alarm_id, at);
CREATE INDEX alarm_events_at ON record.alarm_events (at DESC);

CREATE VIEW public.alarms AS
SELECT a.id, a.code, a.severity, a.message, a.station,
       CASE WHEN a.shelved_until > now() THEN 'shelved'
            WHEN a.cleared_at IS NULL AND a.acknowledged_at IS NULL THEN 'unacknowledged'
            WHEN a.cleared_at IS NULL THEN 'acknowledged'
            WHEN a.acknowledged_at IS NULL THEN 'returned'
            ELSE 'closed' END AS status,
       a.acknowledged_by, a.acknowledged_at, a.cleared_at, a.context, a.raised_at AS created_at,
       a.source, a.subject, a.cleared_at IS NULL AS active, a.shelved_by, a.shelved_until, a.comment, a.changed_at
FROM record.alarms a;

CREATE VIEW public.alarm_events AS
SELECT id, alarm_id, event, actor, comment, at, claimed_at FROM record.alarm_events;

GRANT SELECT ON public.alarms, public.alarm_events TO jidoka_read;
