-- A transaction that looks something up and writes an event.
\set id random(1, 2)
BEGIN;
SELECT name FROM client_places WHERE id = :id;
INSERT INTO client_notes (note) VALUES ('note ' || :id);
END;
