-- Saved questions with arguments. A body names its arguments by number, because a column of the same name would win.

CREATE FUNCTION related_events(of_log text, of_event_id uuid)
RETURNS TABLE (
    occurred_at  timestamptz,
    log          text,
    event_id     uuid,
    related_by   text,
    workspace_id text,
    event        text,
    actor        text,
    summary      text
) LANGUAGE sql STABLE AS $$
WITH origin AS (
    SELECT event_id, workspace_id, interaction_id, conversation_id, person_id, item_id FROM all_events WHERE log = $1 AND event_id = $2
), related AS (
    SELECT e.occurred_at, e.log, e.event_id,
           CASE WHEN e.event_id = o.event_id THEN 'itself' ELSE 'item' END AS related_by,
           e.workspace_id, e.event, e.actor, e.summary
    FROM all_events e JOIN origin o ON e.workspace_id = o.workspace_id AND e.item_id = o.item_id
    WHERE e.item_id IS NOT NULL
    UNION ALL
    SELECT e.occurred_at, e.log, e.event_id,
           CASE WHEN e.event_id = o.event_id THEN 'itself' ELSE 'interaction' END,
           e.workspace_id, e.event, e.actor, e.summary
    FROM all_events e JOIN origin o ON e.workspace_id = o.workspace_id AND e.interaction_id = o.interaction_id
    WHERE e.interaction_id IS NOT NULL AND (e.item_id = o.item_id) IS NOT TRUE
    UNION ALL
    SELECT e.occurred_at, e.log, e.event_id,
           CASE WHEN e.event_id = o.event_id THEN 'itself' ELSE 'conversation' END,
           e.workspace_id, e.event, e.actor, e.summary
    FROM all_events e JOIN origin o ON e.workspace_id = o.workspace_id AND e.conversation_id = o.conversation_id
    WHERE e.conversation_id IS NOT NULL AND (e.item_id = o.item_id) IS NOT TRUE AND (e.interaction_id = o.interaction_id) IS NOT TRUE
    UNION ALL
    SELECT e.occurred_at, e.log, e.event_id,
           CASE WHEN e.event_id = o.event_id THEN 'itself' ELSE 'person' END,
           e.workspace_id, e.event, e.actor, e.summary
    FROM all_events e JOIN origin o ON e.workspace_id = o.workspace_id AND e.person_id = o.person_id
    WHERE e.person_id IS NOT NULL AND (e.item_id = o.item_id) IS NOT TRUE AND (e.interaction_id = o.interaction_id) IS NOT TRUE
      AND (e.conversation_id = o.conversation_id) IS NOT TRUE
)
SELECT occurred_at, log, event_id, related_by, workspace_id, event, actor, summary FROM related ORDER BY occurred_at DESC, event_id DESC
$$;

COMMENT ON FUNCTION related_events IS 'Everything about the same item, interaction, conversation or person as one event, across the logs, newest first; the closest relation is named';

CREATE FUNCTION interaction_timeline(id text)
RETURNS TABLE (
    occurred_at     timestamptz,
    since_previous  interval,
    event           text,
    status          text,
    object_name     text,
    element         text,
    performed_by    text,
    person_id       text,
    conversation_id text,
    details         jsonb,
    event_id        uuid
) LANGUAGE sql STABLE AS $$
SELECT occurred_at, (occurred_at - lag(occurred_at) OVER (ORDER BY occurred_at, event_id))::interval, event, status, object_name, element,
       performed_by, person_id, conversation_id, details, event_id
FROM interaction_logs
WHERE interaction_id = $1
ORDER BY occurred_at, event_id
$$;

COMMENT ON FUNCTION interaction_timeline IS 'One interaction step by step, oldest first, with the time that each step took';

CREATE FUNCTION conversation_timeline(id text)
RETURNS TABLE (
    occurred_at    timestamptz,
    since_previous interval,
    log            text,
    event          text,
    actor          text,
    summary        text,
    details        jsonb,
    event_id       uuid
) LANGUAGE sql STABLE AS $$
SELECT occurred_at, (occurred_at - lag(occurred_at) OVER (ORDER BY occurred_at, event_id))::interval, log, event, actor, summary, details,
       event_id
FROM all_events
WHERE conversation_id = $1
ORDER BY occurred_at, event_id
$$;

COMMENT ON FUNCTION conversation_timeline IS 'One conversation through all logs, oldest first: automation, bot console, agents, deliveries';

CREATE FUNCTION event_details(of_log text, of_event_id uuid)
RETURNS TABLE (
    log          text,
    event_id     uuid,
    occurred_at  timestamptz,
    workspace_id text,
    category     text,
    event        text,
    description  text,
    details      text,
    links        jsonb
) LANGUAGE sql STABLE AS $$
SELECT d.log, d.event_id, d.occurred_at, d.workspace_id, c.category, d.event, c.description, jsonb_pretty(d.details), d.links
FROM (
    SELECT 'interaction_logs' AS log, event_id, occurred_at, workspace_id, event,
           jsonb_build_object('status', status, 'occurred_in', occurred_in, 'object_name', object_name, 'version_id', version_id,
               'element', element, 'performed_by', performed_by, 'person_id', person_id, 'interaction_id', interaction_id,
               'conversation_id', conversation_id, 'details', details) AS details,
           jsonb_build_object('person', person_link, 'conversation', conversation_link, 'element', element_link) AS links
    FROM interaction_logs_with_links WHERE $1 = 'interaction_logs' AND event_id = $2
    UNION ALL
    SELECT 'conversation_logs', event_id, occurred_at, workspace_id, event,
           jsonb_build_object('conversation_id', conversation_id, 'done_by', done_by, 'from', from_value, 'to', to_value,
               'details', details),
           jsonb_build_object('conversation', link)
    FROM conversation_logs_with_links WHERE $1 = 'conversation_logs' AND event_id = $2
    UNION ALL
    SELECT 'audit_logs', event_id, occurred_at, workspace_id, event,
           jsonb_build_object('done_by', done_by, 'done_by_kind', done_by_kind, 'item_kind', item_kind, 'item_id', item_id,
               'item_name', item_name, 'from', from_value, 'to', to_value, 'details', details),
           jsonb_build_object('item', item_link)
    FROM audit_logs_with_links WHERE $1 = 'audit_logs' AND event_id = $2
    UNION ALL
    SELECT 'event_logs', event_id, occurred_at, workspace_id, type,
           jsonb_build_object('bot_id', bot_id, 'conversation_id', conversation_id, 'integration_id', integration_id,
               'dataset_id', dataset_id, 'skillset_id', skillset_id, 'file_id', file_id, 'user_id', user_id,
               'organisation_id', organisation_id, 'metadata', metadata),
           jsonb_build_object('bot', bot_link, 'conversation', conversation_link, 'integration', integration_link,
               'dataset', dataset_link, 'skillset', skillset_link, 'file', file_link)
    FROM event_logs_with_links WHERE $1 = 'event_logs' AND event_id = $2
    UNION ALL
    SELECT 'activity_logs', event_id, occurred_at, workspace_id, event,
           CASE kind
               WHEN 'API call' THEN jsonb_build_object('kind', kind, 'actor', actor, 'module', module, 'outcome', outcome,
                   'summary', summary, 'resource_kind', resource_kind, 'resource_id', resource_id, 'conversation_id', conversation_id,
                   'person_id', person_id, 'client_address', client_address, 'method', method, 'url', url,
                   'status_code', status_code, 'latency_ms', latency_ms, 'details', details)
               WHEN 'system event' THEN jsonb_build_object('kind', kind, 'actor', actor, 'module', module, 'outcome', outcome,
                   'summary', summary, 'resource_kind', resource_kind, 'resource_id', resource_id, 'job', job,
                   'triggered_by', triggered_by, 'result', result, 'duration_ms', duration_ms, 'details', details)
               WHEN 'webhook delivery' THEN jsonb_build_object('kind', kind, 'actor', actor, 'module', module, 'outcome', outcome,
                   'summary', summary, 'resource_kind', resource_kind, 'resource_id', resource_id, 'conversation_id', conversation_id,
                   'person_id', person_id, 'event_type', event_type, 'endpoint', endpoint, 'response_status', response_status,
                   'latency_ms', latency_ms, 'retry_count', retry_count, 'details', details)
               ELSE jsonb_build_object('kind', kind, 'actor', actor, 'module', module, 'outcome', outcome,
                   'summary', summary, 'resource_kind', resource_kind, 'resource_id', resource_id, 'conversation_id', conversation_id,
                   'person_id', person_id, 'client_address', client_address, 'details', details)
           END,
           jsonb_build_object('module', module_link, 'resource', resource_link)
    FROM activity_logs_with_links WHERE $1 = 'activity_logs' AND event_id = $2
    UNION ALL
    SELECT 'bot_logs', event_id, occurred_at, workspace_id, event,
           jsonb_build_object('environment', environment, 'conversation_id', conversation_id, 'bot_id', bot_id, 'flow', flow,
               'node', node, 'level', level, 'line', line, 'payload', payload),
           jsonb_build_object('node', node_link, 'conversation', conversation_link)
    FROM bot_logs_with_links WHERE $1 = 'bot_logs' AND event_id = $2
) d LEFT JOIN log_events c ON c.log = d.log AND c.event = d.event
$$;

COMMENT ON FUNCTION event_details IS 'One event whole: what it means, its payload in readable JSON, its links';

-- A page of a log in the order of (occurred_at, event_id), which no two events share, so that a page neither repeats nor skips an event
-- that was there when its reader passed, however many arrive meanwhile:
--   SELECT * FROM page('activity_logs', NULL, 100, 'older');                 the newest hundred
--   SELECT * FROM page('activity_logs', '<cursor of the last row>', 100, 'older');   the hundred before them
--   SELECT * FROM page('activity_logs', '<cursor of the newest row>', 100, 'newer');  what has come since, oldest first
-- Rows come in the direction asked for. The same without a function, for any statement of one's own:
--   SELECT ... FROM activity_logs WHERE (occurred_at, event_id) < ('<time>', '<id>') ORDER BY occurred_at DESC, event_id DESC LIMIT 100
-- An event that is reported late, with a time that the reader has passed already, stands before the cursor and is not seen by it.
CREATE FUNCTION page(of_log text, from_cursor text, size bigint DEFAULT 100, direction text DEFAULT 'older')
RETURNS TABLE (
    log          text,
    event_id     uuid,
    occurred_at  timestamptz,
    workspace_id text,
    event        text,
    summary      text,
    details      jsonb,
    cursor       text
) LANGUAGE sql STABLE AS $$
WITH older AS (
    SELECT log, event_id, occurred_at, workspace_id, event, summary, details
    FROM all_events
    WHERE log = $1 AND $4 = 'older'
      AND ($2 IS NULL
           OR (occurred_at <= split_part(convert_from(decode($2, 'base64'), 'UTF8'), '|', 1)::timestamptz
               AND (occurred_at < split_part(convert_from(decode($2, 'base64'), 'UTF8'), '|', 1)::timestamptz
                    OR event_id < split_part(convert_from(decode($2, 'base64'), 'UTF8'), '|', 2)::uuid)))
    ORDER BY occurred_at DESC, event_id DESC
    LIMIT $3
), newer AS (
    SELECT log, event_id, occurred_at, workspace_id, event, summary, details
    FROM all_events
    WHERE log = $1 AND $4 = 'newer'
      AND ($2 IS NULL
           OR (occurred_at >= split_part(convert_from(decode($2, 'base64'), 'UTF8'), '|', 1)::timestamptz
               AND (occurred_at > split_part(convert_from(decode($2, 'base64'), 'UTF8'), '|', 1)::timestamptz
                    OR event_id > split_part(convert_from(decode($2, 'base64'), 'UTF8'), '|', 2)::uuid)))
    ORDER BY occurred_at, event_id
    LIMIT $3
)
SELECT log, event_id, occurred_at, workspace_id, event, summary, details,
       replace(encode(convert_to(occurred_at::text || '|' || event_id::text, 'UTF8'), 'base64'), chr(10), '')
FROM (SELECT * FROM older UNION ALL SELECT * FROM newer) both_ways
ORDER BY CASE WHEN $4 = 'newer' THEN occurred_at END, CASE WHEN $4 = 'newer' THEN event_id END, occurred_at DESC, event_id DESC
$$;

COMMENT ON FUNCTION page IS 'One page of a log, each row with the cursor to go on from: page(log, cursor or NULL, size, ''older'' or ''newer'')';
