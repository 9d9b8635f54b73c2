-- The six logs. Every log has event_id, workspace_id and occurred_at; rows are never changed, only read and, when retention says so, purged.
-- A closed set of values is a CHECK; an open one (event names, ids of other systems) is text, described in log_events where it has a name.

CREATE TABLE interaction_logs (
    event_id        uuid        NOT NULL DEFAULT uuidv7(),
    workspace_id    text        NOT NULL,
    occurred_at     timestamptz NOT NULL,
    event           text        NOT NULL,
    status          text        NOT NULL CHECK (status IN ('success', 'failure', 'in progress')),
    occurred_in     text        NOT NULL CHECK (occurred_in IN ('journey', 'chatbot', 'AI agent', 'conversation')),
    object_name     text,
    version_id      text,
    element         text,
    performed_by    text,
    person_id       text,
    interaction_id  text,
    conversation_id text,
    details         jsonb
);

COMMENT ON TABLE interaction_logs IS 'Step by step, what an automation did with one person: one row an event of a journey, chatbot, AI agent or conversation';
COMMENT ON COLUMN interaction_logs.event_id IS 'Identity of the event; its first 48 bits are a time where the server made it';
COMMENT ON COLUMN interaction_logs.workspace_id IS 'The workspace that the event belongs to; decides who may read it and how long it is kept';
COMMENT ON COLUMN interaction_logs.occurred_at IS 'When it happened, by the clock of whoever reported it';
COMMENT ON COLUMN interaction_logs.event IS 'What happened, as named in log_events';
COMMENT ON COLUMN interaction_logs.status IS 'success, failure or in progress';
COMMENT ON COLUMN interaction_logs.occurred_in IS 'What ran: journey, chatbot, AI agent or conversation';
COMMENT ON COLUMN interaction_logs.object_name IS 'The name of the journey, chatbot, AI agent or inbox queue';
COMMENT ON COLUMN interaction_logs.version_id IS 'The version of the object that ran';
COMMENT ON COLUMN interaction_logs.element IS 'The element of the object that the event belongs to';
COMMENT ON COLUMN interaction_logs.performed_by IS 'Who or what did it: the platform, the person, or an agent by e-mail';
COMMENT ON COLUMN interaction_logs.person_id IS 'The person that the automation deals with';
COMMENT ON COLUMN interaction_logs.interaction_id IS 'One passage of one person through one object';
COMMENT ON COLUMN interaction_logs.conversation_id IS 'The conversation in the inbox, where there is one';
COMMENT ON COLUMN interaction_logs.details IS 'The full payload: message, channel, error, attempt and whatever else the source sent';

CREATE TABLE conversation_logs (
    event_id        uuid        NOT NULL DEFAULT uuidv7(),
    workspace_id    text        NOT NULL,
    occurred_at     timestamptz NOT NULL,
    conversation_id text        NOT NULL,
    event           text        NOT NULL,
    done_by         text        NOT NULL,
    from_value      text,
    to_value        text,
    details         jsonb
);

COMMENT ON TABLE conversation_logs IS 'What was done to a conversation of the inbox: assignments, transfers, changes of state, tags, notes';
COMMENT ON COLUMN conversation_logs.event_id IS 'Identity of the event; its first 48 bits are a time where the server made it';
COMMENT ON COLUMN conversation_logs.workspace_id IS 'The workspace that the event belongs to; decides who may read it and how long it is kept';
COMMENT ON COLUMN conversation_logs.occurred_at IS 'When it happened, by the clock of whoever reported it';
COMMENT ON COLUMN conversation_logs.conversation_id IS 'The conversation that was changed';
COMMENT ON COLUMN conversation_logs.event IS 'What was done, as named in log_events';
COMMENT ON COLUMN conversation_logs.done_by IS 'Who did it: an agent by e-mail, a bot by name, or System';
COMMENT ON COLUMN conversation_logs.from_value IS 'The value before, for example the queue it came from; NULL when nothing was there';
COMMENT ON COLUMN conversation_logs.to_value IS 'The value after, for example the queue it went to; NULL when nothing is left';
COMMENT ON COLUMN conversation_logs.details IS 'Whatever else the source sent';

CREATE TABLE audit_logs (
    event_id     uuid        NOT NULL DEFAULT uuidv7(),
    workspace_id text        NOT NULL,
    occurred_at  timestamptz NOT NULL,
    event        text        NOT NULL,
    done_by      text        NOT NULL,
    done_by_kind text        NOT NULL CHECK (done_by_kind IN ('user', 'system', 'API user')),
    item_kind    text        NOT NULL CHECK (item_kind IN ('tag', 'queue', 'agent configuration', 'account configuration', 'route')),
    item_id      text        NOT NULL,
    item_name    text,
    from_value   text,
    to_value     text,
    details      jsonb
);

COMMENT ON TABLE audit_logs IS 'Configuration changes at the level of a tag, queue, route, agent or account: who changed what from what to what';
COMMENT ON COLUMN audit_logs.event_id IS 'Identity of the event; its first 48 bits are a time where the server made it';
COMMENT ON COLUMN audit_logs.workspace_id IS 'The workspace that the event belongs to; decides who may read it and how long it is kept';
COMMENT ON COLUMN audit_logs.occurred_at IS 'When it happened, by the clock of whoever reported it';
COMMENT ON COLUMN audit_logs.event IS 'What was changed, as named in log_events';
COMMENT ON COLUMN audit_logs.done_by IS 'Who changed it: a user by e-mail, System, or an API user by e-mail';
COMMENT ON COLUMN audit_logs.done_by_kind IS 'user, system or API user';
COMMENT ON COLUMN audit_logs.item_kind IS 'tag, queue, agent configuration, account configuration or route';
COMMENT ON COLUMN audit_logs.item_id IS 'Which item of that kind; the same for the life of the item';
COMMENT ON COLUMN audit_logs.item_name IS 'What the item was called at that time';
COMMENT ON COLUMN audit_logs.from_value IS 'The value before; NULL when the item or value was created';
COMMENT ON COLUMN audit_logs.to_value IS 'The value after; NULL when the item or value was deleted';
COMMENT ON COLUMN audit_logs.details IS 'Whatever else the source sent, for example the address and API key that the change came from';

CREATE TABLE event_logs (
    event_id        uuid        NOT NULL DEFAULT uuidv7(),
    workspace_id    text        NOT NULL,
    occurred_at     timestamptz NOT NULL,
    type            text        NOT NULL,
    bot_id          text,
    conversation_id text,
    integration_id  text,
    dataset_id      text,
    skillset_id     text,
    file_id         text,
    user_id         text,
    organisation_id text,
    metadata        jsonb
);

COMMENT ON TABLE event_logs IS 'What happened to bots, conversations, integrations, datasets, skillsets and files, with the metadata that the sender chose';
COMMENT ON COLUMN event_logs.event_id IS 'Identity of the event; its first 48 bits are a time where the server made it';
COMMENT ON COLUMN event_logs.workspace_id IS 'The workspace that the event belongs to; decides who may read it and how long it is kept';
COMMENT ON COLUMN event_logs.occurred_at IS 'When it happened; the views show it as created_at too';
COMMENT ON COLUMN event_logs.type IS 'What happened, as named in log_events, for example dataset.indexed';
COMMENT ON COLUMN event_logs.bot_id IS 'The bot concerned';
COMMENT ON COLUMN event_logs.conversation_id IS 'The conversation concerned';
COMMENT ON COLUMN event_logs.integration_id IS 'The integration concerned';
COMMENT ON COLUMN event_logs.dataset_id IS 'The dataset concerned';
COMMENT ON COLUMN event_logs.skillset_id IS 'The skillset concerned';
COMMENT ON COLUMN event_logs.file_id IS 'The file concerned';
COMMENT ON COLUMN event_logs.user_id IS 'The user in whose context it happened';
COMMENT ON COLUMN event_logs.organisation_id IS 'The organisation in whose context it happened';
COMMENT ON COLUMN event_logs.metadata IS 'Custom metadata of any depth';

CREATE TABLE activity_logs (
    event_id        uuid        NOT NULL DEFAULT uuidv7(),
    workspace_id    text        NOT NULL,
    occurred_at     timestamptz NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('API call', 'user action', 'system event', 'webhook delivery')),
    event           text        NOT NULL,
    actor           text        NOT NULL,
    module          text        NOT NULL CHECK (module IN ('campaigns', 'contacts', 'inbox', 'channels', 'settings')),
    outcome         text        NOT NULL CHECK (outcome IN ('success', 'failure', 'denied')),
    summary         text        NOT NULL,
    resource_kind   text,
    resource_id     text,
    conversation_id text,
    person_id       text,
    client_address  text,
    method          text,
    url             text,
    status_code     integer,
    latency_ms      double precision,
    job             text,
    triggered_by    text,
    result          text,
    duration_ms     double precision,
    event_type      text,
    endpoint        text,
    response_status integer,
    retry_count     integer     CHECK (retry_count >= 0),
    details         jsonb
);

COMMENT ON TABLE activity_logs IS 'API calls, user actions, system events and webhook deliveries: what was asked of the platform and what it did by itself';
COMMENT ON COLUMN activity_logs.event_id IS 'Identity of the event; its first 48 bits are a time where the server made it';
COMMENT ON COLUMN activity_logs.workspace_id IS 'The workspace that the event belongs to; decides who may read it and how long it is kept';
COMMENT ON COLUMN activity_logs.occurred_at IS 'When it happened, by the clock of whoever reported it';
COMMENT ON COLUMN activity_logs.kind IS 'API call, user action, system event or webhook delivery';
COMMENT ON COLUMN activity_logs.event IS 'The operation called, the action taken or what happened, as named in log_events';
COMMENT ON COLUMN activity_logs.actor IS 'The e-mail of the user, or of the owner of the API key, or System';
COMMENT ON COLUMN activity_logs.module IS 'campaigns, contacts, inbox, channels or settings';
COMMENT ON COLUMN activity_logs.outcome IS 'success, failure or denied';
COMMENT ON COLUMN activity_logs.summary IS 'One line for people';
COMMENT ON COLUMN activity_logs.resource_kind IS 'What kind of thing was touched, for example webhook';
COMMENT ON COLUMN activity_logs.resource_id IS 'Which one was touched';
COMMENT ON COLUMN activity_logs.conversation_id IS 'The conversation that it is about, where there is one';
COMMENT ON COLUMN activity_logs.person_id IS 'The person that it is about, where there is one';
COMMENT ON COLUMN activity_logs.client_address IS 'The network address that the call or action came from';
COMMENT ON COLUMN activity_logs.method IS 'API call: the HTTP method';
COMMENT ON COLUMN activity_logs.url IS 'API call: path and query';
COMMENT ON COLUMN activity_logs.status_code IS 'API call: the HTTP status answered';
COMMENT ON COLUMN activity_logs.latency_ms IS 'API call or webhook delivery: milliseconds until the answer';
COMMENT ON COLUMN activity_logs.job IS 'System event: the job that ran';
COMMENT ON COLUMN activity_logs.triggered_by IS 'System event: what set it off, for example schedule';
COMMENT ON COLUMN activity_logs.result IS 'System event: what came of it, in words';
COMMENT ON COLUMN activity_logs.duration_ms IS 'System event: milliseconds that it ran';
COMMENT ON COLUMN activity_logs.event_type IS 'Webhook delivery: what it told, for example message.delivered';
COMMENT ON COLUMN activity_logs.endpoint IS 'Webhook delivery: the URL called';
COMMENT ON COLUMN activity_logs.response_status IS 'Webhook delivery: the HTTP status answered; NULL when nothing answered';
COMMENT ON COLUMN activity_logs.retry_count IS 'Webhook delivery: how many attempts came before this one';
COMMENT ON COLUMN activity_logs.details IS 'API call: request and response, each with headers and body; user action: before and after; webhook delivery: payload and history of attempts; and whatever else the source sent';

CREATE TABLE bot_logs (
    event_id        uuid        NOT NULL DEFAULT uuidv7(),
    workspace_id    text        NOT NULL,
    occurred_at     timestamptz NOT NULL,
    environment     text        NOT NULL CHECK (environment IN ('sandbox', 'staging', 'production')),
    conversation_id text        NOT NULL,
    bot_id          text,
    flow            text,
    node            text,
    event           text        NOT NULL DEFAULT 'line logged',
    level           text        NOT NULL DEFAULT 'info' CHECK (level IN ('debug', 'info', 'warning', 'error')),
    line            text        NOT NULL,
    payload         jsonb
);

COMMENT ON TABLE bot_logs IS 'The console of a bot: what each node of each flow did in one conversation';
COMMENT ON COLUMN bot_logs.event_id IS 'Identity of the event; its first 48 bits are a time where the server made it';
COMMENT ON COLUMN bot_logs.workspace_id IS 'The workspace that the event belongs to; decides who may read it and how long it is kept';
COMMENT ON COLUMN bot_logs.occurred_at IS 'When it happened, by the clock of whoever reported it';
COMMENT ON COLUMN bot_logs.environment IS 'sandbox, staging or production';
COMMENT ON COLUMN bot_logs.conversation_id IS 'The conversation that the bot held';
COMMENT ON COLUMN bot_logs.bot_id IS 'The bot';
COMMENT ON COLUMN bot_logs.flow IS 'The flow that ran';
COMMENT ON COLUMN bot_logs.node IS 'The node of the flow that wrote the line';
COMMENT ON COLUMN bot_logs.event IS 'What happened, as named in log_events; a conversation is over with conversation ended';
COMMENT ON COLUMN bot_logs.level IS 'debug, info, warning or error';
COMMENT ON COLUMN bot_logs.line IS 'The line as the console shows it';
COMMENT ON COLUMN bot_logs.payload IS 'Variables, requests and answers that go with the line';
