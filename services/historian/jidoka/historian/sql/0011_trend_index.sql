-- A trend reads thousands of hours of one tag, which lie on as many pages, one hour of all tags beside the other: from this
-- index it reads some dozens.
CREATE INDEX tag_hours_trend ON record.tag_hours (tag_id, bucket)
    INCLUDE (samples, minimum, maximum, total, numbers, bad, uncertain);
