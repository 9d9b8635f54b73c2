-- What the programs find on either server. `{reference}` becomes ` USING reference` on ours and nothing on PostgreSQL.
CREATE TABLE client_events (occurred_at timestamptz NOT NULL DEFAULT now(), n integer, big bigint, ratio double precision,
    amount numeric(12,2) DEFAULT 0, flag boolean, label text, code varchar(8), raw bytea, id uuid, day date, at time, moment timestamp,
    span interval, doc jsonb, tags text[], CONSTRAINT client_events_n CHECK (n > 0));
COMMENT ON TABLE client_events IS 'what happened';
COMMENT ON COLUMN client_events.n IS 'the number';
CREATE TABLE client_places (id integer PRIMARY KEY, name text NOT NULL, region varchar(20)){reference};
CREATE TABLE client_notes (occurred_at timestamptz NOT NULL DEFAULT now(), note text NOT NULL);
CREATE TABLE client_copied (occurred_at timestamptz NOT NULL DEFAULT now(), n integer, label text, raw bytea);
CREATE INDEX ON client_events (label, code DESC);
CREATE INDEX client_events_by_id ON client_events USING hash (id);
CREATE INDEX ON client_events USING gin (doc jsonb_path_ops);
COMMENT ON INDEX client_events_by_id IS 'one event';
CREATE INDEX ON client_places (region varchar_pattern_ops);
CREATE VIEW client_recent AS SELECT n, label, day FROM client_events WHERE n > 1;
INSERT INTO client_events (occurred_at, n, big, ratio, amount, flag, label, code, raw, id, day, at, moment, span, doc, tags) VALUES
    ('2024-02-29 10:00:00+00', 1, 9007199254740993, 0.1, 12.50, true, 'one', 'a', '\x00ff', '0198c0de-0000-7000-8000-000000000001', '2024-02-29',
        '10:00', '2024-02-29 10:00:00.5', '1 day 02:00', '{"a": "x", "list": [1, 2]}', '{x,y}'),
    ('2024-02-29 11:00:00+00', 2, -1, 'NaN'::float8, -0.05, false, 'two', 'b', '', '0198c0de-0000-7000-8000-000000000002', '1999-12-31',
        '23:59:59.999999', '1999-12-31 23:59:59', '-1 month', '{"a": null}', '{}'),
    ('2024-02-29 12:00:00+00', 3, NULL, NULL, NULL, NULL, 'Grüße', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO client_places (id, name, region) VALUES (1, 'Wien', 'eu'), (2, 'Lima', NULL);
