//! The settings that exist: PostgreSQL's names, defaults and checks. One line a setting, in order of name.
//!
//! A setting that only tunes PostgreSQL's own machinery (`enable_seqscan`, `work_mem`) is kept and shown and changes nothing here,
//! so that scripts and tools that set it go on. A setting whose other values would promise what Annals does not do is refused those
//! values.

use super::form::Form::{Fixed, OneOf, Restart, Switch};
use super::form::{Form, INTEGER_MAX};
use crate::error::{Error, Kind, Result};

/// One setting.
pub(in crate::query) struct Known {
    /// As it is shown; found in any case.
    pub name: &'static str,
    /// In the form in which values are kept: numbers without a unit.
    pub default: &'static str,
    pub form: Form,
    pub description: &'static str,
}

const fn known(name: &'static str, default: &'static str, form: Form, description: &'static str) -> Known {
    Known { name, default, form, description }
}

const fn integer(name: &'static str, default: &'static str, low: i64, high: i64, description: &'static str) -> Known {
    known(name, default, Form::Integer { low, high }, description)
}

/// A time in milliseconds; 0 switches it off.
const fn time(name: &'static str, default: &'static str, description: &'static str) -> Known {
    known(name, default, Form::Milliseconds { low: 0 }, description)
}

/// A time in milliseconds; -1 switches it off.
const fn time_or_never(name: &'static str, default: &'static str, description: &'static str) -> Known {
    known(name, default, Form::Milliseconds { low: -1 }, description)
}

/// An amount of memory in kilobytes.
const fn memory(name: &'static str, default: &'static str, description: &'static str) -> Known {
    known(name, default, Form::Kilobytes { low: 0 }, description)
}

const fn switch(name: &'static str, default: &'static str, description: &'static str) -> Known {
    known(name, default, Switch, description)
}

const fn real(name: &'static str, default: &'static str, description: &'static str) -> Known {
    known(name, default, Form::Real { low: 0 }, description)
}

pub(super) const ISOLATION: &[&str] = &["serializable", "repeatable read", "read committed", "read uncommitted"];

const LOCALES: &[&str] = &["C", "POSIX", "", "C.UTF-8", "en_US.UTF-8"];

const MESSAGES: &[&str] = &["debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"];

const MESSAGES_OF_LOG: &[&str] =
    &["debug5", "debug4", "debug3", "debug2", "debug1", "info", "notice", "warning", "error", "log", "fatal", "panic"];

/// Settings whose changes clients are told of, as PostgreSQL 15 tells them (protocol section 55.2.7).
pub(super) const REPORTED: [&str; 13] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
];

/// All of them.
pub(in crate::query) static KNOWN: &[Known] = &[
    known("application_name", "", Form::Printable, "Name of the client's program, shown in the list of sessions and in logs."),
    switch("array_nulls", "on", "Reads NULL in an array's text as a null element."),
    integer("backend_flush_after", "0", 0, 256, "Kept for scripts; the operating system writes files out."),
    known(
        "backslash_quote",
        "safe_encoding",
        OneOf(&["safe_encoding", "on", "off"]),
        "Whether \\' may stand for a quote in strings.",
    ),
    integer("block_size", "8192", 8192, 8192, "Size of a page of PostgreSQL's files.").fixed(),
    known("bytea_output", "hex", OneOf(&["escape", "hex"]), "How bytea values are written."),
    switch("check_function_bodies", "on", "Checks a function's body when the function is created."),
    time("client_connection_check_interval", "0", "Kept for scripts; a client that is gone is noticed at once."),
    known("client_encoding", "UTF8", Form::Encoding, "Encoding of the text that the client sends and receives."),
    known("client_min_messages", "notice", OneOf(MESSAGES), "Least severity of the messages that the client is sent."),
    integer("commit_delay", "0", 0, 100_000, "Kept for scripts; commits that wait are written together."),
    integer("commit_siblings", "5", 0, 1_000, "Kept for scripts; commits that wait are written together."),
    known("compute_query_id", "auto", OneOf(&["auto", "regress", "on", "off"]), "Kept for tools; statements have no identifiers."),
    known(
        "constraint_exclusion",
        "partition",
        OneOf(&["partition", "on", "off"]),
        "Kept for scripts; planning always uses constraints.",
    ),
    real("cpu_index_tuple_cost", "0.005", "Kept for scripts; the planner has its own costs."),
    real("cpu_operator_cost", "0.0025", "Kept for scripts; the planner has its own costs."),
    real("cpu_tuple_cost", "0.01", "Kept for scripts; the planner has its own costs."),
    real("cursor_tuple_fraction", "0.1", "Kept for scripts; every cursor streams its rows."),
    known("DateStyle", "ISO, MDY", Form::DateStyle, "How dates are written, and in which order ambiguous ones are read."),
    time("deadlock_timeout", "1000", "Kept for scripts; locks are taken in an order without deadlocks."),
    switch("debug_pretty_print", "on", "Kept for scripts; plans are not logged."),
    switch("debug_print_parse", "off", "Kept for scripts; plans are not logged."),
    switch("debug_print_plan", "off", "Kept for scripts; plans are not logged."),
    switch("debug_print_rewritten", "off", "Kept for scripts; plans are not logged."),
    integer("default_statistics_target", "100", 1, 10_000, "Kept for scripts; statistics are exact."),
    known(
        "default_table_access_method",
        "log",
        OneOf(&["log", "reference", "heap"]),
        "How a new table keeps its rows; heap is read as log.",
    ),
    known("default_tablespace", "", OneOf(&["", "pg_default"]), "Where new tables are kept."),
    known("default_text_search_config", "pg_catalog.simple", Form::SearchConfig, "How text is cut into words."),
    known("default_toast_compression", "pglz", OneOf(&["pglz", "lz4"]), "Kept for scripts; files are compressed with zstd."),
    switch("default_transaction_deferrable", "off", "Whether new transactions are deferrable."),
    known("default_transaction_isolation", "read committed", OneOf(ISOLATION), "What new transactions may see of others."),
    switch("default_transaction_read_only", "off", "Whether new transactions only read."),
    memory("effective_cache_size", "4194304", "Kept for scripts; the planner has its own costs."),
    integer("effective_io_concurrency", "1", 0, 1000, "Kept for scripts; a scan reads ahead by itself."),
    switch("enable_async_append", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_bitmapscan", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_gathermerge", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_hashagg", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_hashjoin", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_incremental_sort", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_indexonlyscan", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_indexscan", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_material", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_memoize", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_mergejoin", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_nestloop", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_parallel_append", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_parallel_hash", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_partition_pruning", "on", "Kept for scripts; pruning is always on."),
    switch("enable_partitionwise_aggregate", "off", "Kept for scripts; the planner has its own plans."),
    switch("enable_partitionwise_join", "off", "Kept for scripts; the planner has its own plans."),
    switch("enable_seqscan", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_sort", "on", "Kept for scripts; the planner has its own plans."),
    switch("enable_tidscan", "on", "Kept for scripts; the planner has its own plans."),
    switch("escape_string_warning", "on", "Kept for scripts; a backslash in an ordinary string is an ordinary character."),
    integer("extra_float_digits", "1", -15, 3, "Digits that floating-point numbers are written with."),
    known("force_parallel_mode", "off", OneOf(&["off", "on", "regress"]), "Kept for scripts; plans are parallel where it pays."),
    integer("from_collapse_limit", "8", 1, 2_147_483_647, "Kept for scripts; the planner has its own limits."),
    switch("geqo", "on", "Kept for scripts; the planner has its own search."),
    integer("geqo_effort", "5", 1, 10, "Kept for scripts; the planner has its own search."),
    integer("geqo_generations", "0", 0, 2_147_483_647, "Kept for scripts; the planner has its own search."),
    integer("geqo_pool_size", "0", 0, 2_147_483_647, "Kept for scripts; the planner has its own search."),
    real("geqo_seed", "0", "Kept for scripts; the planner has its own search."),
    real("geqo_selection_bias", "2", "Kept for scripts; the planner has its own search."),
    integer("geqo_threshold", "12", 2, 2_147_483_647, "Kept for scripts; the planner has its own search."),
    integer("gin_fuzzy_search_limit", "0", 0, 2_147_483_647, "Kept for scripts; there are no GIN indexes."),
    known("gin_pending_list_limit", "4096", Form::Kilobytes { low: 64 }, "Kept for scripts; there are no GIN indexes."),
    real("hash_mem_multiplier", "2", "Kept for scripts; memory is limited for all statements together."),
    time("idle_in_transaction_session_timeout", "0", "How long a client may be silent in an open transaction."),
    time("idle_session_timeout", "0", "How long a client may be silent outside a transaction."),
    known("in_hot_standby", "off", Fixed, "Whether the server is a standby."),
    known("integer_datetimes", "on", Fixed, "Whether times are kept as whole microseconds."),
    known(
        "IntervalStyle",
        "postgres",
        OneOf(&["postgres", "postgres_verbose", "sql_standard", "iso_8601"]),
        "How intervals are written.",
    ),
    known("is_superuser", "off", Fixed, "Whether the current role is a superuser."),
    switch("jit", "off", "Kept for scripts; expressions are not compiled."),
    known("jit_above_cost", "100000", Form::Real { low: -1 }, "Kept for scripts; expressions are not compiled."),
    switch("jit_expressions", "on", "Kept for scripts; expressions are not compiled."),
    known("jit_inline_above_cost", "500000", Form::Real { low: -1 }, "Kept for scripts; expressions are not compiled."),
    known("jit_optimize_above_cost", "500000", Form::Real { low: -1 }, "Kept for scripts; expressions are not compiled."),
    switch("jit_tuple_deforming", "on", "Kept for scripts; expressions are not compiled."),
    integer("join_collapse_limit", "8", 1, 2_147_483_647, "Kept for scripts; the planner has its own limits."),
    known("lc_collate", "C", Fixed, "Order of text."),
    known("lc_ctype", "C", Fixed, "Classes of characters."),
    known("lc_messages", "C", OneOf(LOCALES), "Language of messages, which is English."),
    known("lc_monetary", "C", OneOf(LOCALES), "How amounts of money are written."),
    known("lc_numeric", "C", OneOf(LOCALES), "How to_char() writes numbers."),
    known("lc_time", "C", OneOf(LOCALES), "How to_char() writes times."),
    switch("lo_compat_privileges", "off", "Kept for scripts; there are no large objects."),
    time("lock_timeout", "0", "How long a statement may wait for a lock."),
    switch("log_duration", "off", "Kept for scripts; ANNALS_LOG decides what is logged."),
    known(
        "log_error_verbosity",
        "default",
        OneOf(&["terse", "default", "verbose"]),
        "Kept for scripts; ANNALS_LOG decides what is logged.",
    ),
    switch("log_executor_stats", "off", "Kept for scripts; ANNALS_LOG decides what is logged."),
    switch("log_lock_waits", "off", "Kept for scripts; ANNALS_LOG decides what is logged."),
    time_or_never("log_min_duration_sample", "-1", "Kept for scripts; ANNALS_LOG decides what is logged."),
    time_or_never("log_min_duration_statement", "-1", "Kept for scripts; ANNALS_LOG decides what is logged."),
    known("log_min_error_statement", "error", OneOf(MESSAGES_OF_LOG), "Kept for scripts; ANNALS_LOG decides what is logged."),
    known("log_min_messages", "warning", OneOf(MESSAGES_OF_LOG), "Kept for scripts; ANNALS_LOG decides what is logged."),
    integer("log_parameter_max_length", "-1", -1, 1_073_741_823, "Kept for scripts; ANNALS_LOG decides what is logged."),
    integer("log_parameter_max_length_on_error", "0", -1, 1_073_741_823, "Kept for scripts; ANNALS_LOG decides what is logged."),
    switch("log_parser_stats", "off", "Kept for scripts; ANNALS_LOG decides what is logged."),
    switch("log_planner_stats", "off", "Kept for scripts; ANNALS_LOG decides what is logged."),
    switch("log_replication_commands", "off", "Kept for scripts; ANNALS_LOG decides what is logged."),
    known("log_statement", "none", OneOf(&["none", "ddl", "mod", "all"]), "Kept for scripts; ANNALS_LOG decides what is logged."),
    real("log_statement_sample_rate", "1", "Kept for scripts; ANNALS_LOG decides what is logged."),
    switch("log_statement_stats", "off", "Kept for scripts; ANNALS_LOG decides what is logged."),
    known("log_temp_files", "-1", Form::Kilobytes { low: -1 }, "Kept for scripts; ANNALS_LOG decides what is logged."),
    real("log_transaction_sample_rate", "0", "Kept for scripts; ANNALS_LOG decides what is logged."),
    real("logical_decoding_work_mem", "65536", "Kept for scripts; there is no logical decoding.").fixed(),
    integer("maintenance_io_concurrency", "10", 0, 1_000, "Kept for scripts; a scan reads ahead by itself."),
    memory("maintenance_work_mem", "65536", "Kept for scripts; memory is limited for all statements together."),
    integer("max_concurrent_queries", "0", 0, INTEGER_MAX, "Statements that the role may run at once; 0 is no limit."),
    known("max_connections", "100", Restart, "Clients that may be connected at once."),
    integer("max_function_args", "100", 100, 100, "Arguments that a function can have.").fixed(),
    integer("max_identifier_length", "63", 63, 63, "Bytes of a name.").fixed(),
    integer("max_index_keys", "32", 32, 32, "Columns of an index.").fixed(),
    integer("max_parallel_maintenance_workers", "2", 0, 1024, "Kept for scripts; threads are shared by all statements."),
    integer("max_parallel_workers", "8", 0, 1024, "Kept for scripts; threads are shared by all statements."),
    integer("max_parallel_workers_per_gather", "2", 0, 1024, "Kept for scripts; threads are shared by all statements."),
    known("max_prepared_transactions", "0", Restart, "Transactions that may outlive their session."),
    integer("max_queries_per_minute", "0", 0, INTEGER_MAX, "Statements that the role may run in a minute; 0 is no limit."),
    integer("max_rows", "0", 0, INTEGER_MAX, "Rows that one statement may read; 0 is no limit."),
    known("max_scan_bytes", "0", Form::Bytes, "Bytes of rows that one statement may read; 0 is no limit."),
    known(
        "max_stack_depth",
        "2048",
        Form::Kilobytes { low: 100 },
        "Kept for scripts; the depth of statements has limits of its own.",
    ),
    integer("max_subscriptions", "0", 0, INTEGER_MAX, "Channels that the role's sessions may listen to together; 0 is no limit."),
    memory("min_parallel_index_scan_size", "512", "Kept for scripts; plans are parallel where it pays."),
    memory("min_parallel_table_scan_size", "8192", "Kept for scripts; plans are parallel where it pays."),
    switch("parallel_leader_participation", "on", "Kept for scripts; threads are shared by all statements."),
    real("parallel_setup_cost", "1000", "Kept for scripts; the planner has its own costs."),
    real("parallel_tuple_cost", "0.1", "Kept for scripts; the planner has its own costs."),
    known("password_encryption", "scram-sha-256", OneOf(&["scram-sha-256"]), "How passwords are kept."),
    known(
        "plan_cache_mode",
        "auto",
        OneOf(&["auto", "force_generic_plan", "force_custom_plan"]),
        "Kept for scripts; the planner chooses.",
    ),
    switch("quote_all_identifiers", "off", "Quotes every name in the text of definitions."),
    real("random_page_cost", "4", "Kept for scripts; the planner has its own costs."),
    real("recursive_worktable_factor", "10", "Kept for scripts; the planner has its own costs."),
    known(
        "restrict_nonsystem_relation_kind",
        "",
        OneOf(&["", "view", "foreign-table", "view, foreign-table"]),
        "Kept for pg_dump.",
    ),
    known("role", "none", Form::Role, "The role in force."),
    switch("row_security", "on", "Whether row policies filter; off makes what they would filter an error."),
    known("search_path", "\"$user\", public", Form::Names, "Schemas in which names without one are looked for."),
    real("seq_page_cost", "1", "Kept for scripts; the planner has its own costs."),
    known("server_encoding", "UTF8", Fixed, "Encoding of text in the store."),
    known("server_version", "15.0", Fixed, "Version of PostgreSQL that the server speaks as."),
    known("server_version_num", "150000", Fixed, "The same as a number."),
    known("session_authorization", "", Form::Authorization, "The role that logged in."),
    known("session_replication_role", "origin", OneOf(&["origin", "replica", "local"]), "Kept for scripts; there are no triggers."),
    memory("shared_buffers", "131072", "Kept for tools; the operating system caches files.").restart(),
    known("ssl", "off", Restart, "Whether the server offers TLS."),
    known("standard_conforming_strings", "on", OneOf(&["on"]), "Reads backslashes in ordinary strings as they are."),
    time("statement_timeout", "0", "How long a statement may run."),
    known("stats_fetch_consistency", "cache", OneOf(&["none", "cache", "snapshot"]), "Kept for tools; statistics are exact."),
    switch("synchronize_seqscans", "on", "Kept for scripts; scans do not share positions."),
    known(
        "synchronous_commit",
        "on",
        OneOf(&["local", "remote_write", "remote_apply", "on", "off"]),
        "Kept for scripts; a commit is always durable before it is answered.",
    ),
    integer("tcp_keepalives_count", "0", 0, 2_147_483_647, "Kept for scripts; the listener keeps connections alive."),
    integer("tcp_keepalives_idle", "0", 0, 2_147_483_647, "Kept for scripts; the listener keeps connections alive."),
    integer("tcp_keepalives_interval", "0", 0, 2_147_483_647, "Kept for scripts; the listener keeps connections alive."),
    time("tcp_user_timeout", "0", "Kept for scripts; the listener keeps connections alive."),
    memory("temp_buffers", "8192", "Kept for scripts; there are no temporary tables."),
    known("temp_file_limit", "-1", Form::Kilobytes { low: -1 }, "Kept for scripts; the server's own limit on spilled files holds."),
    known("temp_tablespaces", "", OneOf(&["", "pg_default"]), "Where temporary tables are kept."),
    known("TimeZone", "UTC", Form::TimeZone, "Zone in which times are read and written."),
    known("timezone_abbreviations", "Default", OneOf(&["Default"]), "Which abbreviations of zones are read."),
    switch("trace_notify", "off", "Kept for scripts; nothing is traced."),
    switch("trace_sort", "off", "Kept for scripts; nothing is traced."),
    switch("track_activities", "on", "Kept for tools; the server counts by itself."),
    integer("track_activity_query_size", "1024", 100, 1_048_576, "Bytes of a running statement's text that are shown.").restart(),
    switch("track_counts", "on", "Kept for tools; the server counts by itself."),
    known("track_functions", "none", OneOf(&["none", "pl", "all"]), "Kept for tools; the server counts by itself."),
    switch("track_io_timing", "off", "Kept for tools; the server counts by itself."),
    switch("track_wal_io_timing", "off", "Kept for tools; the server counts by itself."),
    switch("transaction_deferrable", "off", "Whether the transaction is deferrable."),
    known("transaction_isolation", "read committed", OneOf(ISOLATION), "What the transaction may see of others."),
    switch("transaction_read_only", "off", "Whether the transaction only reads."),
    known("transform_null_equals", "off", OneOf(&["off"]), "Reads = NULL as IS NULL, which is refused."),
    switch("update_process_title", "on", "Kept for scripts; the process has one title."),
    real("vacuum_cost_delay", "0", "Kept for scripts; VACUUM has a pace of its own."),
    integer("vacuum_cost_limit", "200", 1, 10_000, "Kept for scripts; VACUUM has a pace of its own."),
    integer("vacuum_cost_page_dirty", "20", 0, 10_000, "Kept for scripts; VACUUM has a pace of its own."),
    integer("vacuum_cost_page_hit", "1", 0, 10_000, "Kept for scripts; VACUUM has a pace of its own."),
    integer("vacuum_cost_page_miss", "2", 0, 10_000, "Kept for scripts; VACUUM has a pace of its own."),
    integer("vacuum_failsafe_age", "1600000000", 0, 2_100_000_000, "Kept for scripts; VACUUM has a pace of its own."),
    integer("vacuum_freeze_min_age", "50000000", 0, 1_000_000_000, "Kept for scripts; VACUUM has a pace of its own."),
    integer("vacuum_freeze_table_age", "150000000", 0, 2_000_000_000, "Kept for scripts; VACUUM has a pace of its own."),
    integer("vacuum_multixact_failsafe_age", "1600000000", 0, 2_100_000_000, "Kept for scripts; VACUUM has a pace of its own."),
    integer("vacuum_multixact_freeze_min_age", "5000000", 0, 1_000_000_000, "Kept for scripts; VACUUM has a pace of its own."),
    integer("vacuum_multixact_freeze_table_age", "150000000", 0, 2_000_000_000, "Kept for scripts; VACUUM has a pace of its own."),
    known(
        "wal_compression",
        "off",
        OneOf(&["pglz", "lz4", "zstd", "on", "off"]),
        "Kept for scripts; the WAL has a form of its own.",
    ),
    time("wal_sender_timeout", "60000", "Kept for scripts; the WAL has a form of its own."),
    memory("wal_skip_threshold", "2048", "Kept for scripts; the WAL has a form of its own."),
    memory("work_mem", "4096", "Memory of a statement of a role that is held to one; for others it is kept for scripts."),
    known("xmlbinary", "base64", OneOf(&["base64", "hex"]), "Kept for scripts; there is no XML."),
    known("xmloption", "content", OneOf(&["content", "document"]), "Kept for scripts; there is no XML."),
];

impl Known {
    /// The same setting, which no statement can change.
    const fn fixed(mut self) -> Known {
        self.form = Fixed;
        self
    }

    /// The same setting, which is decided when the server starts.
    const fn restart(mut self) -> Known {
        self.form = Restart;
        self
    }

    /// Whether clients are told of its changes.
    pub(in crate::query) fn is_reported(&self) -> bool {
        REPORTED.contains(&self.name)
    }
}

/// The place in [`KNOWN`] of the setting of this name in any case.
pub(super) fn place(name: &str) -> Option<usize> {
    KNOWN.iter().position(|known| known.name.eq_ignore_ascii_case(name))
}

/// A place that is there.
pub(super) fn place_of(name: &'static str) -> usize {
    place(name).unwrap_or(0)
}

/// How the setting of this name is checked.
///
/// # Errors
/// 42704 when there is none, 42602 for a dotted name of a user's own that is no name.
pub(super) fn form_of(name: &str) -> Result<Form> {
    if let Some(at) = place(name) {
        return Ok(KNOWN[at].form);
    }
    if !name.contains('.') {
        return Err(unknown(name));
    }
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
    };
    if name.split('.').all(is_name) {
        return Ok(Form::Custom);
    }
    Err(Error::new(Kind::InvalidName, format!("invalid configuration parameter name \"{name}\""))
        .with_detail("Custom parameter names must be two or more simple identifiers separated by dots."))
}

pub(super) fn unknown(name: &str) -> Error {
    Error::new(Kind::UndefinedObject, format!("unrecognized configuration parameter \"{name}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_reported_ones_exist() {
        for pair in KNOWN.windows(2) {
            assert!(pair[0].name.to_ascii_lowercase() < pair[1].name.to_ascii_lowercase(), "{} {}", pair[0].name, pair[1].name);
        }
        for name in REPORTED {
            assert!(place(name).is_some(), "{name}");
        }
        assert!(matches!(KNOWN[place_of("application_name")].form, Form::Printable));
    }

    #[test]
    fn defaults_pass_their_own_checks() {
        for known in KNOWN {
            if matches!(known.form, Fixed | Restart) {
                continue;
            }
            assert_eq!(known.form.checked(known.name, known.default, known.default).unwrap(), known.default, "{}", known.name);
        }
    }
}
