-- What the commands themselves keep: how far `annals ingest` has loaded each file, written in one transaction with the rows.
CREATE TABLE annals.ingest_progress (
    table_name text NOT NULL,
    file_identity text NOT NULL,
    file_name text NOT NULL,
    rows_done bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (table_name, file_identity)
) USING reference;
COMMENT ON TABLE annals.ingest_progress IS 'How many records of a file annals ingest has loaded into a table; remove a row to load the file again';
COMMENT ON COLUMN annals.ingest_progress.file_identity IS 'The size of the file and a checksum of its first megabyte';
COMMENT ON COLUMN annals.ingest_progress.table_name IS 'The table as SQL names it';
COMMENT ON COLUMN annals.ingest_progress.file_name IS 'Where the file lay when it was last loaded';
COMMENT ON COLUMN annals.ingest_progress.rows_done IS 'Records of the file that are in the table';
COMMENT ON COLUMN annals.ingest_progress.updated_at IS 'When the last of them were committed';
