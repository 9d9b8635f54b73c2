-- The query log, which Annals itself makes and writes: for how long it is kept, and who reads what of it. Everybody reads what they have
-- asked themselves, auditors all of it.
CREATE RETENTION POLICY ninety_days ON annals.query_log KEEP INTERVAL '90 days';

GRANT USAGE ON SCHEMA annals TO PUBLIC;
GRANT SELECT ON annals.query_log TO PUBLIC;
ALTER TABLE annals.query_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON annals.query_log FOR SELECT USING (login_role = session_user);
CREATE POLICY everything ON annals.query_log FOR SELECT TO auditor USING (true);
