-- How the logs are looked at. For each log: all of it with links back to the platform, its last 24 hours newest first, and the values to
-- filter by; then all logs in one shape, bookmarks for whoever is on call, and usage for billing.
-- The lists of filter values do not depend on one another: whatever is chosen in one, the others offer what they offered.

CREATE VIEW interaction_logs_with_links AS
SELECT event_id, occurred_at, workspace_id, event, status, occurred_in, object_name, version_id, element, performed_by, person_id,
       interaction_id, conversation_id, details,
       replace(replace((SELECT template FROM link_templates WHERE link = 'person'),
           '{workspace_id}', workspace_id), '{person_id}', person_id) AS person_link,
       replace(replace((SELECT template FROM link_templates WHERE link = 'conversation'),
           '{workspace_id}', workspace_id), '{conversation_id}', conversation_id) AS conversation_link,
       replace(replace(replace((SELECT template FROM link_templates WHERE link = 'element'),
           '{workspace_id}', workspace_id), '{version_id}', version_id), '{element}', replace(element, ' ', '%20')) AS element_link
FROM interaction_logs;

COMMENT ON VIEW interaction_logs_with_links IS 'Interaction logs with links to the profile of the person, the conversation in the inbox and the element in the automation editor';

CREATE VIEW conversation_logs_with_links AS
SELECT event_id, occurred_at, workspace_id, conversation_id, event, done_by, from_value, to_value, details,
       replace(replace((SELECT template FROM link_templates WHERE link = 'conversation'),
           '{workspace_id}', workspace_id), '{conversation_id}', conversation_id) AS link
FROM conversation_logs;

COMMENT ON VIEW conversation_logs_with_links IS 'Conversation logs with a link to the conversation in the inbox';

CREATE VIEW audit_logs_with_links AS
SELECT event_id, occurred_at, workspace_id, event, done_by, done_by_kind, item_kind, item_id, item_name, from_value, to_value, details,
       replace(replace(replace((SELECT template FROM link_templates WHERE link = 'item'),
           '{workspace_id}', workspace_id), '{item_kind}', replace(item_kind, ' ', '-')), '{item_id}', item_id) AS item_link
FROM audit_logs;

COMMENT ON VIEW audit_logs_with_links IS 'Audit logs with a link to the item that was changed';

CREATE VIEW event_logs_with_links AS
SELECT event_id, occurred_at, occurred_at AS created_at, workspace_id, type, bot_id, conversation_id, integration_id, dataset_id,
       skillset_id, file_id, user_id, organisation_id, metadata,
       replace(replace((SELECT template FROM link_templates WHERE link = 'bot'),
           '{workspace_id}', workspace_id), '{bot_id}', bot_id) AS bot_link,
       replace(replace((SELECT template FROM link_templates WHERE link = 'conversation'),
           '{workspace_id}', workspace_id), '{conversation_id}', conversation_id) AS conversation_link,
       replace(replace((SELECT template FROM link_templates WHERE link = 'integration'),
           '{workspace_id}', workspace_id), '{integration_id}', integration_id) AS integration_link,
       replace(replace((SELECT template FROM link_templates WHERE link = 'dataset'),
           '{workspace_id}', workspace_id), '{dataset_id}', dataset_id) AS dataset_link,
       replace(replace((SELECT template FROM link_templates WHERE link = 'skillset'),
           '{workspace_id}', workspace_id), '{skillset_id}', skillset_id) AS skillset_link,
       replace(replace((SELECT template FROM link_templates WHERE link = 'file'),
           '{workspace_id}', workspace_id), '{file_id}', file_id) AS file_link
FROM event_logs;

COMMENT ON VIEW event_logs_with_links IS 'Event logs with links to the bot, conversation, integration, dataset, skillset and file concerned';

CREATE VIEW activity_logs_with_links AS
SELECT event_id, occurred_at, workspace_id, kind, event, actor, module, outcome, summary, resource_kind, resource_id, conversation_id,
       person_id, client_address, method, url, status_code, latency_ms, job, triggered_by, result, duration_ms, event_type, endpoint,
       response_status, retry_count, details,
       replace(replace((SELECT template FROM link_templates WHERE link = 'module'),
           '{workspace_id}', workspace_id), '{module}', module) AS module_link,
       replace(replace(replace(replace((SELECT template FROM link_templates WHERE link = 'resource'),
           '{workspace_id}', workspace_id), '{module}', module), '{resource_kind}', replace(resource_kind, ' ', '-')),
           '{resource_id}', resource_id) AS resource_link
FROM activity_logs;

COMMENT ON VIEW activity_logs_with_links IS 'Activity logs with links to the module and to what was touched in it';

CREATE VIEW bot_logs_with_links AS
SELECT event_id, occurred_at, workspace_id, environment, conversation_id, bot_id, flow, node, event, level, line, payload,
       replace(replace(replace(replace((SELECT template FROM link_templates WHERE link = 'node'),
           '{workspace_id}', workspace_id), '{bot_id}', bot_id), '{flow}', replace(flow, ' ', '%20')),
           '{node}', replace(node, ' ', '%20')) AS node_link,
       replace(replace((SELECT template FROM link_templates WHERE link = 'conversation'),
           '{workspace_id}', workspace_id), '{conversation_id}', conversation_id) AS conversation_link
FROM bot_logs;

COMMENT ON VIEW bot_logs_with_links IS 'Bot logs with links from a line to its node and its conversation';

CREATE VIEW interaction_logs_24h AS
SELECT * FROM interaction_logs_with_links
WHERE occurred_at >= now() - interval '24 hours' ORDER BY occurred_at DESC, event_id DESC;

COMMENT ON VIEW interaction_logs_24h IS 'Interaction logs of the last 24 hours, newest first, with links';

CREATE VIEW conversation_logs_24h AS
SELECT * FROM conversation_logs_with_links
WHERE occurred_at >= now() - interval '24 hours' ORDER BY occurred_at DESC, event_id DESC;

COMMENT ON VIEW conversation_logs_24h IS 'Conversation logs of the last 24 hours, newest first, with links';

CREATE VIEW audit_logs_24h AS
SELECT * FROM audit_logs_with_links
WHERE occurred_at >= now() - interval '24 hours' ORDER BY occurred_at DESC, event_id DESC;

COMMENT ON VIEW audit_logs_24h IS 'Audit logs of the last 24 hours, newest first, with links';

CREATE VIEW event_logs_24h AS
SELECT * FROM event_logs_with_links
WHERE occurred_at >= now() - interval '24 hours' ORDER BY occurred_at DESC, event_id DESC;

COMMENT ON VIEW event_logs_24h IS 'Event logs of the last 24 hours, newest first, with links';

CREATE VIEW activity_logs_24h AS
SELECT * FROM activity_logs_with_links
WHERE occurred_at >= now() - interval '24 hours' ORDER BY occurred_at DESC, event_id DESC;

COMMENT ON VIEW activity_logs_24h IS 'Activity logs of the last 24 hours, newest first, with links';

CREATE VIEW bot_logs_24h AS
SELECT * FROM bot_logs_with_links
WHERE occurred_at >= now() - interval '24 hours' ORDER BY occurred_at DESC, event_id DESC;

COMMENT ON VIEW bot_logs_24h IS 'Bot logs of the last 24 hours, newest first, with links';

CREATE VIEW interaction_logs_filters AS
SELECT 'event' AS filter, event AS value, count(*) AS count FROM interaction_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY event
UNION ALL
SELECT 'status', status, count(*) FROM interaction_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY status
UNION ALL
SELECT 'occurred_in', occurred_in, count(*) FROM interaction_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY occurred_in
UNION ALL
SELECT 'object_name', object_name, count(*) FROM interaction_logs
WHERE occurred_at >= now() - interval '24 hours' AND object_name IS NOT NULL GROUP BY object_name
UNION ALL
SELECT 'version_id', version_id, count(*) FROM interaction_logs
WHERE occurred_at >= now() - interval '24 hours' AND version_id IS NOT NULL GROUP BY version_id
UNION ALL
SELECT 'element', element, count(*) FROM interaction_logs
WHERE occurred_at >= now() - interval '24 hours' AND element IS NOT NULL GROUP BY element
UNION ALL
SELECT 'person_id', person_id, count(*) FROM interaction_logs
WHERE occurred_at >= now() - interval '24 hours' AND person_id IS NOT NULL GROUP BY person_id
UNION ALL
SELECT 'interaction_id', interaction_id, count(*) FROM interaction_logs
WHERE occurred_at >= now() - interval '24 hours' AND interaction_id IS NOT NULL GROUP BY interaction_id
UNION ALL
SELECT 'conversation_id', conversation_id, count(*) FROM interaction_logs
WHERE occurred_at >= now() - interval '24 hours' AND conversation_id IS NOT NULL GROUP BY conversation_id;

COMMENT ON VIEW interaction_logs_filters IS 'What interaction logs of the last 24 hours can be filtered by: each filter, each value, how many events; ask WHERE filter = ... for one list';

CREATE VIEW conversation_logs_filters AS
SELECT 'event' AS filter, event AS value, count(*) AS count FROM conversation_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY event
UNION ALL
SELECT 'done_by', done_by, count(*) FROM conversation_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY done_by
UNION ALL
SELECT 'from_value', from_value, count(*) FROM conversation_logs
WHERE occurred_at >= now() - interval '24 hours' AND from_value IS NOT NULL GROUP BY from_value
UNION ALL
SELECT 'to_value', to_value, count(*) FROM conversation_logs
WHERE occurred_at >= now() - interval '24 hours' AND to_value IS NOT NULL GROUP BY to_value;

COMMENT ON VIEW conversation_logs_filters IS 'What conversation logs of the last 24 hours can be filtered by: each filter, each value, how many events';

CREATE VIEW audit_logs_filters AS
SELECT 'done_by_kind' AS filter, NULL::text AS item_kind, done_by_kind AS value, count(*) AS count FROM audit_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY done_by_kind
UNION ALL
SELECT 'event', NULL::text, event, count(*) FROM audit_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY event
UNION ALL
SELECT 'item_kind', NULL::text, item_kind, count(*) FROM audit_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY item_kind
UNION ALL
SELECT 'item_id', item_kind, item_id, count(*) FROM audit_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY item_kind, item_id;

COMMENT ON VIEW audit_logs_filters IS 'What audit logs of the last 24 hours can be filtered by: each filter, each value, how many events; items carry their kind';

CREATE VIEW event_logs_filters AS
SELECT 'type' AS filter, type AS value, count(*) AS count FROM event_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY type
UNION ALL
SELECT 'bot_id', bot_id, count(*) FROM event_logs
WHERE occurred_at >= now() - interval '24 hours' AND bot_id IS NOT NULL GROUP BY bot_id
UNION ALL
SELECT 'conversation_id', conversation_id, count(*) FROM event_logs
WHERE occurred_at >= now() - interval '24 hours' AND conversation_id IS NOT NULL GROUP BY conversation_id
UNION ALL
SELECT 'integration_id', integration_id, count(*) FROM event_logs
WHERE occurred_at >= now() - interval '24 hours' AND integration_id IS NOT NULL GROUP BY integration_id
UNION ALL
SELECT 'dataset_id', dataset_id, count(*) FROM event_logs
WHERE occurred_at >= now() - interval '24 hours' AND dataset_id IS NOT NULL GROUP BY dataset_id
UNION ALL
SELECT 'skillset_id', skillset_id, count(*) FROM event_logs
WHERE occurred_at >= now() - interval '24 hours' AND skillset_id IS NOT NULL GROUP BY skillset_id
UNION ALL
SELECT 'file_id', file_id, count(*) FROM event_logs
WHERE occurred_at >= now() - interval '24 hours' AND file_id IS NOT NULL GROUP BY file_id
UNION ALL
SELECT 'user_id', user_id, count(*) FROM event_logs
WHERE occurred_at >= now() - interval '24 hours' AND user_id IS NOT NULL GROUP BY user_id
UNION ALL
SELECT 'organisation_id', organisation_id, count(*) FROM event_logs
WHERE occurred_at >= now() - interval '24 hours' AND organisation_id IS NOT NULL GROUP BY organisation_id;

COMMENT ON VIEW event_logs_filters IS 'What event logs of the last 24 hours can be filtered by: each filter, each value, how many events';

CREATE VIEW activity_logs_filters AS
SELECT 'actor' AS filter, actor AS value, count(*) AS count FROM activity_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY actor
UNION ALL
SELECT 'kind', kind, count(*) FROM activity_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY kind
UNION ALL
SELECT 'module', module, count(*) FROM activity_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY module
UNION ALL
SELECT 'outcome', outcome, count(*) FROM activity_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY outcome
UNION ALL
SELECT 'event', event, count(*) FROM activity_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY event;

COMMENT ON VIEW activity_logs_filters IS 'What activity logs of the last 24 hours can be filtered by: each filter, each value, how many events';

CREATE VIEW bot_logs_filters AS
SELECT 'environment' AS filter, environment AS value, count(*) AS count FROM bot_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY environment
UNION ALL
SELECT 'bot_id', bot_id, count(*) FROM bot_logs
WHERE occurred_at >= now() - interval '24 hours' AND bot_id IS NOT NULL GROUP BY bot_id
UNION ALL
SELECT 'conversation_id', conversation_id, count(*) FROM bot_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY conversation_id
UNION ALL
SELECT 'flow', flow, count(*) FROM bot_logs
WHERE occurred_at >= now() - interval '24 hours' AND flow IS NOT NULL GROUP BY flow
UNION ALL
SELECT 'node', node, count(*) FROM bot_logs
WHERE occurred_at >= now() - interval '24 hours' AND node IS NOT NULL GROUP BY node
UNION ALL
SELECT 'event', event, count(*) FROM bot_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY event
UNION ALL
SELECT 'level', level, count(*) FROM bot_logs
WHERE occurred_at >= now() - interval '24 hours' GROUP BY level;

COMMENT ON VIEW bot_logs_filters IS 'What bot logs of the last 24 hours can be filtered by: each filter, each value, how many events';

CREATE VIEW all_events AS
SELECT 'interaction_logs' AS log, event_id, occurred_at, workspace_id, event, performed_by AS actor,
       concat_ws(' ', event || ':', object_name, element, CASE WHEN status = 'failure' THEN '(failed)' END) AS summary,
       interaction_id, conversation_id, person_id, NULL::text AS item_id, details
FROM interaction_logs
UNION ALL
SELECT 'conversation_logs', event_id, occurred_at, workspace_id, event, done_by,
       concat_ws(' ', event, 'from ' || from_value, 'to ' || to_value),
       NULL::text, conversation_id, NULL::text, NULL::text, details
FROM conversation_logs
UNION ALL
SELECT 'audit_logs', event_id, occurred_at, workspace_id, event, done_by,
       concat_ws(' ', event || ':', COALESCE(item_name, item_id), 'from ' || from_value, 'to ' || to_value),
       NULL::text, NULL::text, NULL::text, item_id, details
FROM audit_logs
UNION ALL
SELECT 'event_logs', event_id, occurred_at, workspace_id, type, user_id,
       concat_ws(' ', type, file_id, dataset_id, skillset_id, integration_id, bot_id),
       NULL::text, conversation_id, NULL::text, COALESCE(file_id, dataset_id, skillset_id, integration_id, bot_id), metadata
FROM event_logs
UNION ALL
SELECT 'activity_logs', event_id, occurred_at, workspace_id, event, actor, summary,
       NULL::text, conversation_id, person_id, resource_id, details
FROM activity_logs
UNION ALL
SELECT 'bot_logs', event_id, occurred_at, workspace_id, event, bot_id, line,
       NULL::text, conversation_id, NULL::text, NULL::text, payload
FROM bot_logs;

COMMENT ON VIEW all_events IS 'All six logs in one shape; ask WHERE log = ... for one of them';

CREATE VIEW api_calls_with_status_500 AS
SELECT occurred_at, workspace_id, actor, event, method, url, latency_ms, client_address, summary, event_id
FROM activity_logs
WHERE kind = 'API call' AND status_code = 500 AND occurred_at >= now() - interval '24 hours'
ORDER BY occurred_at DESC, event_id DESC;

COMMENT ON VIEW api_calls_with_status_500 IS 'Bookmark: API calls with status 500 in the last 24 hours';

CREATE VIEW failed_webhook_deliveries AS
SELECT occurred_at, workspace_id, event, event_type, endpoint, response_status, retry_count, summary, event_id
FROM activity_logs
WHERE kind = 'webhook delivery' AND outcome <> 'success' AND occurred_at >= now() - interval '24 hours'
ORDER BY occurred_at DESC, event_id DESC;

COMMENT ON VIEW failed_webhook_deliveries IS 'Bookmark: webhook deliveries of the last 24 hours that failed';

CREATE VIEW failing_webhook_endpoints AS
SELECT workspace_id, endpoint,
       count(*) FILTER (WHERE outcome <> 'success') AS failures,
       count(*) FILTER (WHERE event = 'webhook given up') AS given_up,
       count(*) AS attempts,
       max(occurred_at) FILTER (WHERE outcome <> 'success') AS last_failure_at,
       max(occurred_at) FILTER (WHERE outcome = 'success') AS last_success_at
FROM activity_logs
WHERE kind = 'webhook delivery' AND occurred_at >= now() - interval '24 hours'
GROUP BY workspace_id, endpoint
HAVING count(*) FILTER (WHERE outcome <> 'success') >= 5
ORDER BY failures DESC, workspace_id, endpoint;

COMMENT ON VIEW failing_webhook_endpoints IS 'Bookmark: endpoints that failed five times or more in the last 24 hours, the worst first';

CREATE VIEW denied_api_calls AS
SELECT workspace_id, actor, client_address, count(*) AS calls, count(DISTINCT event) AS operations,
       min(occurred_at) AS first_at, max(occurred_at) AS last_at
FROM activity_logs
WHERE kind = 'API call' AND outcome = 'denied' AND occurred_at >= now() - interval '24 hours'
GROUP BY workspace_id, actor, client_address
ORDER BY calls DESC, workspace_id, actor, client_address;

COMMENT ON VIEW denied_api_calls IS 'Bookmark: who was denied API calls in the last 24 hours, from which address, how often';

CREATE VIEW slow_api_calls AS
SELECT occurred_at, workspace_id, actor, event, method, url, status_code, latency_ms, event_id
FROM activity_logs
WHERE kind = 'API call' AND latency_ms >= 2000 AND occurred_at >= now() - interval '24 hours'
ORDER BY latency_ms DESC, event_id DESC;

COMMENT ON VIEW slow_api_calls IS 'Bookmark: API calls of the last 24 hours that took two seconds or more, the slowest first';

CREATE VIEW addresses_first_seen AS
SELECT workspace_id, actor, client_address, count(*) AS events,
       count(*) FILTER (WHERE outcome = 'denied') AS denied,
       min(occurred_at) AS first_at, max(occurred_at) AS last_at
FROM activity_logs
WHERE client_address IS NOT NULL
GROUP BY workspace_id, actor, client_address
HAVING min(occurred_at) >= now() - interval '24 hours'
ORDER BY events DESC, workspace_id, actor, client_address;

COMMENT ON VIEW addresses_first_seen IS 'Bookmark: actors that came from an address in the last 24 hours that they had never come from before';

CREATE VIEW failing_elements AS
SELECT workspace_id, occurred_in, object_name, version_id, element,
       count(*) FILTER (WHERE status = 'failure') AS failures,
       count(*) AS events,
       100 * count(*) FILTER (WHERE status = 'failure') / count(*) AS failure_percent,
       count(DISTINCT person_id) FILTER (WHERE status = 'failure') AS persons,
       max(occurred_at) FILTER (WHERE status = 'failure') AS last_failure_at
FROM interaction_logs
WHERE occurred_at >= now() - interval '24 hours'
GROUP BY workspace_id, occurred_in, object_name, version_id, element
HAVING count(*) FILTER (WHERE status = 'failure') > 0
ORDER BY failures DESC, workspace_id, object_name, element;

COMMENT ON VIEW failing_elements IS 'Bookmark: elements of automations with failures in the last 24 hours, the worst first';

CREATE VIEW stuck_interactions AS
SELECT workspace_id, interaction_id, max(occurred_in) AS occurred_in, max(object_name) AS object_name, max(person_id) AS person_id,
       count(*) AS events, max(occurred_at) AS last_event_at
FROM interaction_logs
WHERE occurred_at >= now() - interval '7 days' AND interaction_id IS NOT NULL
GROUP BY workspace_id, interaction_id
HAVING max(occurred_at) < now() - interval '24 hours'
   AND count(*) FILTER (WHERE event IN (
           'journey entry refused', 'exit rule met', 'journey stopped', 'journey failed', 'journey completed',
           'chatbot handover accepted', 'chatbot transferred', 'chatbot session expired', 'chatbot session failed', 'chatbot session ended',
           'AI agent handover accepted', 'AI agent timed out', 'AI agent failed', 'AI agent ended',
           'inbox conversation closed')) = 0
   AND count(*) FILTER (WHERE event = 'wait started') <= count(*) FILTER (WHERE event IN ('wait ended', 'wait timed out'))
ORDER BY last_event_at DESC, interaction_id;

COMMENT ON VIEW stuck_interactions IS 'Bookmark: interactions of the last seven days that have not ended, wait for nothing and were not heard of for a day';

CREATE VIEW undelivered_messages AS
SELECT occurred_at, workspace_id, event, object_name, element, person_id,
       details ->> 'channel' AS channel, details -> 'error' ->> 'code' AS error_code, details -> 'error' ->> 'message' AS error,
       interaction_id, event_id
FROM interaction_logs
WHERE event IN ('message rejected', 'message undelivered', 'message expired', 'message bounced')
  AND occurred_at >= now() - interval '24 hours'
ORDER BY occurred_at DESC, event_id DESC;

COMMENT ON VIEW undelivered_messages IS 'Bookmark: messages of the last 24 hours that did not arrive, and why';

CREATE VIEW unanswered_conversations AS
SELECT workspace_id, conversation_id,
       min(occurred_at) AS opened_at,
       max(to_value) FILTER (WHERE event = 'conversation transferred') AS transferred_to,
       count(*) AS events
FROM conversation_logs
WHERE occurred_at >= now() - interval '24 hours'
GROUP BY workspace_id, conversation_id
HAVING count(*) FILTER (WHERE event = 'conversation opened') > 0
   AND count(*) FILTER (WHERE event IN ('conversation assigned', 'conversation taken over', 'conversation closed', 'conversation expired')) = 0
ORDER BY opened_at, conversation_id;

COMMENT ON VIEW unanswered_conversations IS 'Bookmark: conversations opened in the last 24 hours that no agent has taken, the longest wait first';

CREATE VIEW usage_by_workspace_and_day AS
SELECT u.workspace_id, w.name, w.plan, u.day,
       sum(u.events)::bigint AS events,
       sum(u.interactions)::bigint AS interactions,
       sum(u.messages)::bigint AS messages,
       sum(u.conversations)::bigint AS conversations,
       sum(u.configuration_changes)::bigint AS configuration_changes,
       sum(u.bot_events)::bigint AS bot_events,
       sum(u.api_calls)::bigint AS api_calls,
       sum(u.webhook_deliveries)::bigint AS webhook_deliveries,
       sum(u.bot_lines)::bigint AS bot_lines
FROM (
    SELECT workspace_id, (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*) AS events,
           count(DISTINCT interaction_id) AS interactions, count(*) FILTER (WHERE event = 'message sent') AS messages,
           0 AS conversations, 0 AS configuration_changes, 0 AS bot_events, 0 AS api_calls, 0 AS webhook_deliveries, 0 AS bot_lines
    FROM interaction_logs GROUP BY workspace_id, (occurred_at AT TIME ZONE 'UTC')::date
    UNION ALL
    SELECT workspace_id, (occurred_at AT TIME ZONE 'UTC')::date, count(*), 0, 0, count(DISTINCT conversation_id), 0, 0, 0, 0, 0
    FROM conversation_logs GROUP BY workspace_id, (occurred_at AT TIME ZONE 'UTC')::date
    UNION ALL
    SELECT workspace_id, (occurred_at AT TIME ZONE 'UTC')::date, count(*), 0, 0, 0, count(*), 0, 0, 0, 0
    FROM audit_logs GROUP BY workspace_id, (occurred_at AT TIME ZONE 'UTC')::date
    UNION ALL
    SELECT workspace_id, (occurred_at AT TIME ZONE 'UTC')::date, count(*), 0, 0, 0, 0, count(*), 0, 0, 0
    FROM event_logs GROUP BY workspace_id, (occurred_at AT TIME ZONE 'UTC')::date
    UNION ALL
    SELECT workspace_id, (occurred_at AT TIME ZONE 'UTC')::date, count(*), 0, 0, 0, 0, 0,
           count(*) FILTER (WHERE kind = 'API call'), count(*) FILTER (WHERE kind = 'webhook delivery'), 0
    FROM activity_logs GROUP BY workspace_id, (occurred_at AT TIME ZONE 'UTC')::date
    UNION ALL
    SELECT workspace_id, (occurred_at AT TIME ZONE 'UTC')::date, count(*), 0, 0, 0, 0, 0, 0, 0, count(*)
    FROM bot_logs GROUP BY workspace_id, (occurred_at AT TIME ZONE 'UTC')::date
) u LEFT JOIN workspaces w ON w.workspace_id = u.workspace_id
GROUP BY u.workspace_id, w.name, w.plan, u.day
ORDER BY u.day DESC, u.workspace_id;

COMMENT ON VIEW usage_by_workspace_and_day IS 'What each workspace used on each day (UTC): events of all logs, interactions, messages sent, conversations, API calls and the rest';
