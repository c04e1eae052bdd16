-- Which database this record lies in, and since when: a restored one has another oid, and retention leaves it alone for a
-- week, so that nobody loses the images that they restored it for.
ALTER TABLE record.line ADD COLUMN database oid, ADD COLUMN since timestamptz;
