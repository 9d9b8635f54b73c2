-- By what identifies things rows of the logs are found: the event itself, and whom or what it is about. A workspace or a version has
-- too many rows for that. A store that was made before there were indexes gets them by this script, run by psql as the superuser.

CREATE INDEX IF NOT EXISTS interaction_logs_event_id_idx ON interaction_logs (event_id);
CREATE INDEX IF NOT EXISTS interaction_logs_person_id_idx ON interaction_logs (person_id);
CREATE INDEX IF NOT EXISTS interaction_logs_interaction_id_idx ON interaction_logs (interaction_id);
CREATE INDEX IF NOT EXISTS interaction_logs_conversation_id_idx ON interaction_logs (conversation_id);

CREATE INDEX IF NOT EXISTS conversation_logs_event_id_idx ON conversation_logs (event_id);
CREATE INDEX IF NOT EXISTS conversation_logs_conversation_id_idx ON conversation_logs (conversation_id);

CREATE INDEX IF NOT EXISTS audit_logs_event_id_idx ON audit_logs (event_id);
CREATE INDEX IF NOT EXISTS audit_logs_item_id_idx ON audit_logs (item_id);

CREATE INDEX IF NOT EXISTS event_logs_event_id_idx ON event_logs (event_id);
CREATE INDEX IF NOT EXISTS event_logs_bot_id_idx ON event_logs (bot_id);
CREATE INDEX IF NOT EXISTS event_logs_conversation_id_idx ON event_logs (conversation_id);
CREATE INDEX IF NOT EXISTS event_logs_integration_id_idx ON event_logs (integration_id);
CREATE INDEX IF NOT EXISTS event_logs_dataset_id_idx ON event_logs (dataset_id);
CREATE INDEX IF NOT EXISTS event_logs_skillset_id_idx ON event_logs (skillset_id);
CREATE INDEX IF NOT EXISTS event_logs_file_id_idx ON event_logs (file_id);
CREATE INDEX IF NOT EXISTS event_logs_user_id_idx ON event_logs (user_id);
CREATE INDEX IF NOT EXISTS event_logs_organisation_id_idx ON event_logs (organisation_id);

CREATE INDEX IF NOT EXISTS activity_logs_event_id_idx ON activity_logs (event_id);
CREATE INDEX IF NOT EXISTS activity_logs_resource_id_idx ON activity_logs (resource_id);
CREATE INDEX IF NOT EXISTS activity_logs_conversation_id_idx ON activity_logs (conversation_id);
CREATE INDEX IF NOT EXISTS activity_logs_person_id_idx ON activity_logs (person_id);

CREATE INDEX IF NOT EXISTS bot_logs_event_id_idx ON bot_logs (event_id);
CREATE INDEX IF NOT EXISTS bot_logs_conversation_id_idx ON bot_logs (conversation_id);
CREATE INDEX IF NOT EXISTS bot_logs_bot_id_idx ON bot_logs (bot_id);
