//! What all sessions share: the store, the catalog in force, DataFusion's state, the functions.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::SessionConfig;
use tokio::sync::{Mutex, RwLock};

use crate::catalog::{Catalog, Object, Oid, Privilege};
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::guard::Live;
use crate::policy::{self, Standing};
pub use crate::query::answers::AnswerOptions;
use crate::query::answers::Answers;
use crate::query::backends::Backends;
use crate::query::breath::Pauses;
use crate::query::early::EarlyEnds;
use crate::query::errors::unwrap;
pub use crate::query::functions::PseudonymSecret;
use crate::query::functions::Registry;
use crate::query::memory::Shared;
use crate::query::notify::Exchange;
use crate::query::parse;
use crate::query::plan::names::DATABASE;
use crate::query::record::Recorder;
use crate::query::session::{Login, Prepared, Session};
use crate::query::time_order::Decisions;
use crate::query::together::Paths;
use crate::query::usage::Usage;
use crate::query::{catalog_log, checks, retention, rules, system};
use crate::scan::STORE_URL;
use crate::store::Store;

/// What the query room may use of the machine.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Memory for sorting, joining and grouping, all statements together, in bytes. Past it a statement spills, or fails with 53200.
    pub query_memory_bytes: usize,
    /// Where statements spill to; emptied at start.
    pub spill_dir: PathBuf,
    /// What all spill files together may take, in bytes.
    pub spill_bytes_max: u64,
    /// Threads that one statement may use.
    pub parallelism: usize,
    /// What one transaction may hold in memory until COMMIT of rows that cannot go to segments before, in bytes.
    pub transaction_bytes_max: usize,
    /// What the pseudonyms of masking policies are made from.
    pub mask_secret: PseudonymSecret,
    pub answers: AnswerOptions,
}

/// The shared parts of every session.
pub struct Engine {
    pub(super) store: Arc<Store>,
    /// Answers that are given again.
    pub(super) answers: Answers,
    pub(super) clock: Clock,
    pub(super) options: EngineOptions,
    pub(super) catalog: Live,
    /// One definition at a time; held by a transaction from its first definition to its end.
    pub(super) definitions: Arc<Mutex<()>>,
    /// Shared by whoever commits definitions or rows of reference tables, by which it is decided what a purge removes. A purge has it
    /// alone from its last look at them until the rows are gone.
    pub(super) removal: Arc<RwLock<()>>,
    pub(super) state: SessionState,
    pub(super) registry: Registry,
    pub(super) checks: checks::Cache,
    pub(super) rules: rules::Cache,
    pub(super) retention: Arc<retention::Memory>,
    /// What was asked to be erased, and what of it is done.
    pub(super) erasures: retention::erasure::Erasures,
    /// Which paths into documents are asked for.
    pub(super) paths: Paths,
    /// What all sessions share of the system relations.
    pub(super) system: Arc<system::Shared>,
    pub(super) backends: Arc<Backends>,
    pub(super) exchange: Arc<Exchange>,
    /// What roles that are held to numbers use.
    pub(super) usage: Arc<Usage>,
    /// What takes down what is asked; empty while nothing is recorded.
    pub(super) recorder: OnceLock<Arc<Recorder>>,
}

/// What the catalog knows of a role that wants to log in.
pub struct LoginRole {
    pub oid: Oid,
    /// Its SCRAM verifier; `None` for a role that has no password, or one that has expired.
    pub verifier: Option<String>,
    pub superuser: bool,
    /// Sessions at once; `None` is no limit.
    pub connections_max: Option<usize>,
    /// Why it may not log in although it knows the password: for nobody else to hear.
    pub refusal: Option<Error>,
}

impl Engine {
    /// Builds the parts and replays the catalog log.
    ///
    /// # Errors
    /// XX001 when the catalog log cannot be replayed; I/O errors of the spill folder.
    pub async fn open(store: Arc<Store>, clock: Clock, options: EngineOptions) -> Result<Arc<Engine>> {
        let state = session_state(&store, &options)?;
        let registry = Registry::new(&state);
        let state = without_functions(state);
        let system = Arc::new(system::Shared::new(registry.names(), clock.now_us()));
        let catalog = catalog_log::replay(&store).await?;
        let erasures = retention::erasure::Erasures::new(store.dir());
        let answers = Answers::new(options.answers, store.metrics().clone());
        Ok(Arc::new(Engine {
            store,
            answers,
            clock,
            catalog: Arc::new(ArcSwap::from_pointee(catalog)),
            definitions: Arc::new(Mutex::new(())),
            removal: Arc::default(),
            state,
            registry,
            checks: checks::Cache::default(),
            rules: rules::Cache::new(options.mask_secret),
            options,
            retention: Arc::default(),
            erasures,
            paths: Paths::default(),
            system,
            backends: Arc::default(),
            exchange: Arc::default(),
            usage: Arc::default(),
            recorder: OnceLock::new(),
        }))
    }

    /// Runs the built-in definitions if the store has none yet, all of them or nothing.
    ///
    /// # Errors
    /// The first statement's error, with the file it stands in.
    pub async fn bootstrap(self: &Arc<Self>, files: &[(&str, &str)]) -> Result<()> {
        if self.catalog.load().epoch > 0 {
            return Ok(());
        }
        let mut session = Session::new(self.clone(), Login::system());
        session.begin()?;
        for (file, sql) in files {
            for parsed in parse::parse(sql).map_err(|error| error.with_context(format!("built-in file {file}")))? {
                let shown: String = parsed.text.chars().take(80).collect();
                let outcome = session.run(&Prepared::unplanned(&parsed), &[]).await;
                outcome.map_err(|error| error.with_context(format!("built-in file {file}: {shown}")))?;
            }
        }
        session.commit().await
    }

    /// What is known of a role that wants to log in; `None` if there is none of this name.
    pub fn login_role(&self, name: &str) -> Option<LoginRole> {
        let catalog = self.catalog();
        let role = catalog.role_named(name)?;
        let standing = Standing::of(&catalog, role.oid);
        let connects = !policy::held(&standing, &catalog, Object::Database, Privilege::Connect.into()).is_empty();
        let refusal = if !role.login {
            Some(Error::new(Kind::InvalidAuthorization, format!("role \"{name}\" is not permitted to log in")))
        } else if !connects {
            Some(policy::denied("database", &format!("\"{DATABASE}\"")).with_detail("User does not have CONNECT privilege."))
        } else {
            None
        };
        Some(LoginRole {
            oid: role.oid,
            verifier: role.verifier.clone().filter(|_| !role.is_expired(self.clock.now_us())),
            superuser: role.superuser,
            connections_max: usize::try_from(role.connection_limit).ok(),
            refusal,
        })
    }

    /// The store below, for the house.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The catalog in force.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

/// DataFusion's state: its functions and rules, our store and no other, our limits.
fn session_state(store: &Arc<Store>, options: &EngineOptions) -> Result<SessionState> {
    clear(&options.spill_dir)?;
    let disk = DiskManagerBuilder::default()
        .with_mode(DiskManagerMode::Directories(vec![options.spill_dir.clone()]))
        .with_max_temp_directory_size(options.spill_bytes_max);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(Shared::new(options.query_memory_bytes)))
        .with_disk_manager_builder(disk)
        .build_arc()
        .map_err(unwrap)?;
    let url =
        url::Url::parse(STORE_URL).map_err(|error| Error::internal(format!("the store's address does not parse: {error}")))?;
    runtime.register_object_store(&url, store.object_store());
    let mut config = SessionConfig::new()
        .with_target_partitions(options.parallelism)
        .with_information_schema(false)
        .with_default_catalog_and_schema("annals", "public");
    let own = config.options_mut();
    own.execution.time_zone = Some("UTC".to_owned());
    own.execution.parquet.bloom_filter_on_read = true;
    // A longer list rarely lies beside the bounds of a file, and asking for each of its values costs a small statement much. Bloom filters
    // are asked for lists of any length.
    own.execution.parquet.max_in_list_size = 4;
    own.sql_parser.dialect = datafusion::common::config::Dialect::PostgreSQL;
    own.sql_parser.parse_float_as_decimal = true;
    // The plan that runs may know better than the logical one where no NULL can come, as of a count beside a constant in a UNION.
    own.execution.skip_physical_aggregate_schema_check = true;
    // A view's ORDER BY is what its rows come in, also when the reader adds only a LIMIT.
    own.sql_parser.enable_subquery_sort_elimination = false;
    // DataFusion 55.2 narrows the scan by the bounds of min() and max() over plain columns even when other aggregates beside them
    // need the rows so left out: `min(n), max(extract(epoch FROM t))` was wrong.
    own.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    // A projection above a sort must not deal rows out to several partitions: their order is the answer's.
    own.optimizer.enable_round_robin_repartition = false;
    // DISTINCT over a window's columns under a LIMIT fails in it for want of an order.
    own.optimizer.enable_topk_aggregation = false;
    let decisions: Arc<dyn PhysicalOptimizerRule + Send + Sync> = Arc::new(Decisions);
    let rules = std::iter::once(decisions).chain(PhysicalOptimizer::new().rules).collect();
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .with_physical_optimizer_rules(rules)
        .with_physical_optimizer_rule(Arc::new(EarlyEnds))
        .with_physical_optimizer_rule(Arc::new(Pauses))
        .build();
    Ok(state)
}

/// The state that each statement has a copy of: functions are looked up in the registry, and copying the names of some hundreds of them
/// would be a part of the time of a small statement. DISTINCT ON is planned by the one that stays.
fn without_functions(state: SessionState) -> SessionState {
    let first_value = state.aggregate_functions().get("first_value").cloned();
    SessionStateBuilder::new_from_existing(state)
        .with_scalar_functions(vec![])
        .with_higher_order_functions(vec![])
        .with_aggregate_functions(first_value.into_iter().collect())
        .with_window_functions(vec![])
        .with_file_formats(vec![])
        .build()
}

/// Makes the spill folder anew: what an earlier process left in it is of no use and may hold rows.
fn clear(dir: &std::path::Path) -> Result<()> {
    if dir.exists() {
        std::fs::remove_dir_all(dir).map_err(|error| Error::io("empty the spill folder", dir, &error))?;
    }
    // It holds rows before anything was masked, and is nobody else's to look into.
    let mut private = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(private.recursive(true), 0o700);
    private.create(dir).map_err(|error| Error::io("create the spill folder", dir, &error))
}
