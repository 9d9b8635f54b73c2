-- Small tables that the logs are read with. They are kept in memory and may be changed; each change is itself recorded.

CREATE TABLE plans (
    plan              text    PRIMARY KEY,
    description       text    NOT NULL,
    activity_log_days integer NOT NULL CHECK (activity_log_days > 0),
    event_log_days    integer NOT NULL CHECK (event_log_days > 0)
) USING reference;

COMMENT ON TABLE plans IS 'What a workspace has bought, and how long its logs are kept for it';
COMMENT ON COLUMN plans.plan IS 'starter, growth or enterprise';
COMMENT ON COLUMN plans.description IS 'What the plan is for';
COMMENT ON COLUMN plans.activity_log_days IS 'Days that activity logs are kept';
COMMENT ON COLUMN plans.event_log_days IS 'Days that event logs are kept';

INSERT INTO plans (plan, description, activity_log_days, event_log_days) VALUES
    ('starter', 'For a first campaign and a small inbox', 30, 30),
    ('growth', 'For several teams and channels', 90, 90),
    ('enterprise', 'For regulated and large organisations', 365, 365);

CREATE TABLE workspaces (
    workspace_id text        PRIMARY KEY,
    name         text        NOT NULL,
    plan         text,
    created_at   timestamptz NOT NULL DEFAULT now()
) USING reference;

COMMENT ON TABLE workspaces IS 'The workspaces whose events are kept here';
COMMENT ON COLUMN workspaces.workspace_id IS 'As in the logs';
COMMENT ON COLUMN workspaces.name IS 'For people';
COMMENT ON COLUMN workspaces.plan IS 'One of plans; NULL keeps everything';
COMMENT ON COLUMN workspaces.created_at IS 'When the workspace was opened';

CREATE TABLE workspace_members (
    workspace_id text        NOT NULL,
    member       text        NOT NULL,
    added_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, member)
) USING reference;

COMMENT ON TABLE workspace_members IS 'Which login belongs to which workspace';
COMMENT ON COLUMN workspace_members.workspace_id IS 'The workspace';
COMMENT ON COLUMN workspace_members.member IS 'The name of the login role';
COMMENT ON COLUMN workspace_members.added_at IS 'Since when';

CREATE TABLE link_templates (
    link        text PRIMARY KEY,
    template    text NOT NULL,
    description text NOT NULL
) USING reference;

COMMENT ON TABLE link_templates IS 'How a view makes a link back to the platform: {name} stands for the column of that name; point the addresses at your own platform with one UPDATE';
COMMENT ON COLUMN link_templates.link IS 'The name of the link';
COMMENT ON COLUMN link_templates.template IS 'An address with {column} where a value goes';
COMMENT ON COLUMN link_templates.description IS 'Where it leads';

INSERT INTO link_templates (link, template, description) VALUES
    ('person', 'https://app.example.com/{workspace_id}/people/{person_id}', 'The profile of a person'),
    ('conversation', 'https://app.example.com/{workspace_id}/inbox/conversations/{conversation_id}', 'A conversation in the inbox'),
    ('element', 'https://app.example.com/{workspace_id}/automation/{version_id}?element={element}', 'An element in the automation editor'),
    ('item', 'https://app.example.com/{workspace_id}/settings/{item_kind}/{item_id}', 'A tag, queue, route or configuration'),
    ('bot', 'https://app.example.com/{workspace_id}/bots/{bot_id}', 'A bot'),
    ('integration', 'https://app.example.com/{workspace_id}/integrations/{integration_id}', 'An integration'),
    ('dataset', 'https://app.example.com/{workspace_id}/datasets/{dataset_id}', 'A dataset'),
    ('skillset', 'https://app.example.com/{workspace_id}/skillsets/{skillset_id}', 'A skillset'),
    ('file', 'https://app.example.com/{workspace_id}/files/{file_id}', 'A file'),
    ('module', 'https://app.example.com/{workspace_id}/{module}', 'A module of the platform'),
    ('resource', 'https://app.example.com/{workspace_id}/{module}/{resource_kind}/{resource_id}', 'What an API call, action, job or delivery touched'),
    ('node', 'https://app.example.com/{workspace_id}/bots/{bot_id}/flows/{flow}?node={node}', 'A node of a flow in the bot editor');
