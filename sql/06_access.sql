-- Who reads what of the logs. A login is given one or more of these roles, and the workspaces whose events it may see:
--   CREATE ROLE dana LOGIN PASSWORD '...' IN ROLE support;
--   INSERT INTO workspace_members (workspace_id, member) VALUES ('w-1', 'dana');

CREATE ROLE agent;
CREATE ROLE conversations_setup;
CREATE ROLE supervisor;
CREATE ROLE support;
CREATE ROLE auditor;
CREATE ROLE privacy_officer;
CREATE ROLE log_writer;

COMMENT ON ROLE agent IS 'Answers conversations; reads no log';
COMMENT ON ROLE conversations_setup IS 'Configures queues, routes and accounts; reads the audit logs of its workspaces';
COMMENT ON ROLE supervisor IS 'Watches over conversations; reads the conversation logs of its workspaces';
COMMENT ON ROLE support IS 'Looks into one customer''s case; reads the interaction, activity, event and bot logs of its workspaces';
COMMENT ON ROLE auditor IS 'Reads every log of every workspace, with keys and personal data masked';
COMMENT ON ROLE privacy_officer IS 'Sees keys and personal data in payloads as they were recorded, in the logs that its other roles let it read';
COMMENT ON ROLE log_writer IS 'Records events and reads none';

-- What the logs are read with is for everybody, as far as it is about their own workspaces.

GRANT SELECT ON log_events, link_templates, plans, workspaces, workspace_members TO PUBLIC;

ALTER TABLE workspace_members ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON workspace_members FOR SELECT USING (member = session_user);
CREATE POLICY everything ON workspace_members FOR SELECT TO auditor USING (true);

ALTER TABLE workspaces ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON workspaces FOR SELECT
    USING (workspace_id IN (SELECT workspace_id FROM workspace_members WHERE member = session_user));
CREATE POLICY everything ON workspaces FOR SELECT TO auditor USING (true);

-- Which logs.

GRANT SELECT ON audit_logs, audit_logs_with_links, audit_logs_24h, audit_logs_filters TO conversations_setup;
GRANT SELECT ON conversation_logs, conversation_logs_with_links, conversation_logs_24h, conversation_logs_filters TO supervisor;
GRANT SELECT ON interaction_logs, interaction_logs_with_links, interaction_logs_24h, interaction_logs_filters,
    activity_logs, activity_logs_with_links, activity_logs_24h, activity_logs_filters,
    event_logs, event_logs_with_links, event_logs_24h, event_logs_filters,
    bot_logs, bot_logs_with_links, bot_logs_24h, bot_logs_filters,
    api_calls_with_status_500, failed_webhook_deliveries, failing_webhook_endpoints, denied_api_calls, slow_api_calls,
    addresses_first_seen, failing_elements, stuck_interactions, undelivered_messages TO support;
GRANT pg_read_all_data TO auditor;
GRANT INSERT ON interaction_logs, conversation_logs, audit_logs, event_logs, activity_logs, bot_logs TO log_writer;

-- Which rows: those of one's own workspaces.

ALTER TABLE interaction_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE activity_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE bot_logs ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_workspaces ON interaction_logs FOR SELECT
    USING (workspace_id IN (SELECT workspace_id FROM workspace_members WHERE member = session_user));
CREATE POLICY own_workspaces ON conversation_logs FOR SELECT
    USING (workspace_id IN (SELECT workspace_id FROM workspace_members WHERE member = session_user));
CREATE POLICY own_workspaces ON audit_logs FOR SELECT
    USING (workspace_id IN (SELECT workspace_id FROM workspace_members WHERE member = session_user));
CREATE POLICY own_workspaces ON event_logs FOR SELECT
    USING (workspace_id IN (SELECT workspace_id FROM workspace_members WHERE member = session_user));
CREATE POLICY own_workspaces ON activity_logs FOR SELECT
    USING (workspace_id IN (SELECT workspace_id FROM workspace_members WHERE member = session_user));
CREATE POLICY own_workspaces ON bot_logs FOR SELECT
    USING (workspace_id IN (SELECT workspace_id FROM workspace_members WHERE member = session_user));

CREATE POLICY everything ON interaction_logs FOR SELECT TO auditor USING (true);
CREATE POLICY everything ON conversation_logs FOR SELECT TO auditor USING (true);
CREATE POLICY everything ON audit_logs FOR SELECT TO auditor USING (true);
CREATE POLICY everything ON event_logs FOR SELECT TO auditor USING (true);
CREATE POLICY everything ON activity_logs FOR SELECT TO auditor USING (true);
CREATE POLICY everything ON bot_logs FOR SELECT TO auditor USING (true);

CREATE POLICY recorded ON interaction_logs FOR INSERT TO log_writer WITH CHECK (true);
CREATE POLICY recorded ON conversation_logs FOR INSERT TO log_writer WITH CHECK (true);
CREATE POLICY recorded ON audit_logs FOR INSERT TO log_writer WITH CHECK (true);
CREATE POLICY recorded ON event_logs FOR INSERT TO log_writer WITH CHECK (true);
CREATE POLICY recorded ON activity_logs FOR INSERT TO log_writer WITH CHECK (true);
CREATE POLICY recorded ON bot_logs FOR INSERT TO log_writer WITH CHECK (true);

-- What a bot in production did is shown a quarter of an hour after the conversation has ended, and never while it has not.

CREATE FUNCTION ended_conversations(ago interval)
RETURNS TABLE (conversation text) LANGUAGE sql SECURITY DEFINER AS $$
    SELECT workspace_id || chr(31) || conversation_id FROM bot_logs
    WHERE environment = 'production' AND event = 'conversation ended' AND occurred_at <= now() - ago
$$;
COMMENT ON FUNCTION ended_conversations IS 'Conversations of bots in production that ended at least so long ago: the workspace and the id, with the character 31 between them';
REVOKE EXECUTE ON FUNCTION ended_conversations(interval) FROM PUBLIC;

CREATE POLICY after_the_end ON bot_logs AS RESTRICTIVE FOR SELECT
    USING (environment <> 'production' OR pg_has_role('auditor', 'member')
        OR workspace_id || chr(31) || conversation_id IN (SELECT conversation FROM ended_conversations(interval '15 minutes')));

-- Keys, cookies and personal data in payloads are shown to nobody but privacy officers. What counts as such is a table: one INSERT adds a key.

CREATE TABLE redacted_keys (
    key    text PRIMARY KEY,
    reason text NOT NULL
) USING reference;
COMMENT ON TABLE redacted_keys IS 'What stands under these keys in a payload is masked, at any depth, whatever their case and whether they are written with - or _';
COMMENT ON COLUMN redacted_keys.key IS 'The key, for example api_key';
COMMENT ON COLUMN redacted_keys.reason IS 'What it would tell';

INSERT INTO redacted_keys (key, reason) VALUES
    ('authorization', 'a credential'), ('proxy_authorization', 'a credential'), ('cookie', 'a session'), ('set_cookie', 'a session'),
    ('api_key', 'a credential'), ('x_api_key', 'a credential'), ('access_token', 'a credential'), ('refresh_token', 'a credential'),
    ('id_token', 'a credential'), ('client_secret', 'a credential'), ('secret', 'a credential'), ('password', 'a credential'),
    ('private_key', 'a credential'), ('email', 'a person'), ('phone', 'a person'), ('phone_number', 'a person'),
    ('first_name', 'a person'), ('last_name', 'a person'), ('full_name', 'a person'), ('address', 'a person'),
    ('date_of_birth', 'a person'), ('iban', 'an account'), ('card_number', 'an account');

CREATE MASKING POLICY secrets ON interaction_logs (details) TO PUBLIC EXCEPT privacy_officer
    USING (redact_keys(details, (SELECT array_agg(key) FROM redacted_keys)));
CREATE MASKING POLICY secrets ON conversation_logs (details) TO PUBLIC EXCEPT privacy_officer
    USING (redact_keys(details, (SELECT array_agg(key) FROM redacted_keys)));
CREATE MASKING POLICY secrets ON audit_logs (details) TO PUBLIC EXCEPT privacy_officer
    USING (redact_keys(details, (SELECT array_agg(key) FROM redacted_keys)));
CREATE MASKING POLICY secrets ON event_logs (metadata) TO PUBLIC EXCEPT privacy_officer
    USING (redact_keys(metadata, (SELECT array_agg(key) FROM redacted_keys)));
CREATE MASKING POLICY secrets ON activity_logs (details) TO PUBLIC EXCEPT privacy_officer
    USING (redact_keys(details, (SELECT array_agg(key) FROM redacted_keys)));
CREATE MASKING POLICY secrets ON bot_logs (payload) TO PUBLIC EXCEPT privacy_officer
    USING (redact_keys(payload, (SELECT array_agg(key) FROM redacted_keys)));

-- For how long. Interaction logs are kept for two weeks, activity and event logs by the plan of their workspace; without a plan for ever.

CREATE RETENTION POLICY everybody ON interaction_logs KEEP INTERVAL '14 days';
CREATE RETENTION POLICY starter ON activity_logs
    WHERE (workspace_id IN (SELECT workspace_id FROM workspaces WHERE plan = 'starter')) KEEP INTERVAL '30 days';
CREATE RETENTION POLICY growth ON activity_logs
    WHERE (workspace_id IN (SELECT workspace_id FROM workspaces WHERE plan = 'growth')) KEEP INTERVAL '90 days';
CREATE RETENTION POLICY enterprise ON activity_logs
    WHERE (workspace_id IN (SELECT workspace_id FROM workspaces WHERE plan = 'enterprise')) KEEP INTERVAL '365 days';
CREATE RETENTION POLICY starter ON event_logs
    WHERE (workspace_id IN (SELECT workspace_id FROM workspaces WHERE plan = 'starter')) KEEP INTERVAL '30 days';
CREATE RETENTION POLICY growth ON event_logs
    WHERE (workspace_id IN (SELECT workspace_id FROM workspaces WHERE plan = 'growth')) KEEP INTERVAL '90 days';
CREATE RETENTION POLICY enterprise ON event_logs
    WHERE (workspace_id IN (SELECT workspace_id FROM workspaces WHERE plan = 'enterprise')) KEEP INTERVAL '365 days';

-- What applies to oneself: the days of the policy that has the plan's name, or of one that is for all; none is for ever.

CREATE VIEW my_retention AS
SELECT DISTINCT ON (l.log, w.workspace_id) l.log, w.workspace_id, w.plan, (extract(epoch FROM r.keep) / 86400)::integer AS days_kept
FROM (VALUES ('interaction_logs'), ('conversation_logs'), ('audit_logs'), ('event_logs'), ('activity_logs'), ('bot_logs')) AS l (log)
CROSS JOIN workspaces w
LEFT JOIN annals.retention_policies r
    ON r.schemaname = 'public' AND r.tablename = l.log AND (NOT r.conditional OR r.policyname = w.plan)
WHERE has_table_privilege(to_regclass('public.' || l.log)::oid, 'SELECT')
ORDER BY l.log, w.workspace_id, r.policyname;

COMMENT ON VIEW my_retention IS 'For how many days the events are kept that one may read, by log and workspace; NULL is for ever';
GRANT SELECT ON my_retention TO PUBLIC;
