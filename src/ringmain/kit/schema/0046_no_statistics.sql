-- No query is planned by these columns, which are looked at again and again while their tables grow: for an array every
-- element is counted, and answers are unpacked. Taking statistics of the outbox was a tenth of a processor in a large
-- campaign (docs/national-day.md).
ALTER TABLE outbox ALTER COLUMN ids SET STATISTICS 0;
ALTER TABLE idempotency_key ALTER COLUMN answer SET STATISTICS 0;
ALTER TABLE idempotency_key ALTER COLUMN payload_hash SET STATISTICS 0;
