//! Every setting of the server as plain values: defaults, then the file, then the environment, then the command line, then checked.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};

/// The values that the house builds its parts from; nobody else reads them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The data folder; made with mode 0700 if it is missing.
    pub data: PathBuf,
    /// Where the PostgreSQL door listens. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// PEM files of the certificate chain and its private key; with them TLS is offered.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// Allows a listening address outside loopback without TLS.
    pub insecure: bool,
    /// Connections at once. Each costs a task and its buffers, about 100 KiB when idle.
    pub max_connections: usize,
    /// Memory for sorting, joining and grouping, all statements together. More spills less.
    pub query_memory_mib: usize,
    /// Disk that spill files may take together.
    pub spill_mib: u64,
    /// Threads that one statement may use; 0 takes the machine's cores.
    pub parallelism: usize,
    /// Memory for rows of one transaction that cannot go to segments before COMMIT: of reference tables, and of tables made in the
    /// same transaction.
    pub transaction_mib: usize,
    /// A tail of this size is flushed to a segment. Larger means fewer, larger files and more memory.
    pub flush_mib: usize,
    /// A tail this old is flushed, however small. Longer means more to replay after a crash.
    pub flush_seconds: u64,
    /// Files with fewer rows get no indexes. More means fewer small files, and small ones that are read for every needle.
    pub index_min_rows: u64,
    /// Memory for columns whose values repeat, by which dashboards are counted. More means fewer columns that are read again.
    pub column_memory_mib: usize,
    /// Memory for answers that are given again while nothing has changed them; 0 keeps none. More lets more dashboards be answered at once.
    pub result_cache_mib: usize,
    /// Memory of one such answer; a larger one is worked out each time. More lets few large answers drive out many small ones.
    pub result_cache_each_kib: usize,
    /// Statements that take less time are run each time: what is quick needs no memory.
    pub result_cache_min_ms: u64,
    /// How often expired rows are removed from the disk. They are seen by nobody before that; oftener means more rewriting of files.
    pub purge_seconds: u64,
    /// Whether every statement of every login is recorded in `annals.query_log`.
    pub query_log: bool,
    /// Whether the ledger is kept, by which `annals verify` finds every change. Without it nothing can be proved, and nothing is slower.
    pub ledger: bool,
    /// What the store is called in its checkpoints, as `logs.example.com/prod`; decided at the first start, for ever. By default a name
    /// that no other store has.
    pub ledger_name: Option<String>,
    /// Where the ledger's key and the signer's state are kept; by default in the data folder. A place of its own keeps both from being put
    /// back together with the data.
    pub ledger_signer: Option<PathBuf>,
    /// How long a shutdown waits for running statements before it cancels them.
    pub shutdown_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            data: PathBuf::from("annals-data"),
            listen: SocketAddr::new(IpAddr::from([127, 0, 0, 1]), 5454),
            tls_certificate: None,
            tls_key: None,
            insecure: false,
            max_connections: 200,
            query_memory_mib: 1_024,
            spill_mib: 20 * 1_024,
            parallelism: 0,
            transaction_mib: 512,
            flush_mib: 96,
            flush_seconds: 30,
            index_min_rows: 8_192,
            column_memory_mib: 1_024,
            result_cache_mib: 64,
            result_cache_each_kib: 1_024,
            result_cache_min_ms: 10,
            purge_seconds: 3_600,
            query_log: true,
            ledger: true,
            ledger_name: None,
            ledger_signer: None,
            shutdown_seconds: 10,
        }
    }
}

impl Config {
    /// Reads a TOML file over the defaults.
    ///
    /// # Errors
    /// F0000 naming the file, the line and what is wrong with it.
    pub fn from_file(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io("read the configuration", path, &error))?;
        toml::from_str(&text).map_err(|error| {
            Error::new(Kind::ConfigFileError, format!("the configuration \"{}\" is not valid: {}", path.display(), error.message()))
                .with_hint("README.md lists the settings.")
        })
    }

    /// Refuses values that cannot work or are not safe.
    ///
    /// # Errors
    /// F0000 with what to do.
    pub fn validate(&self) -> Result<()> {
        let refuse = |message: String, hint: &str| Err(Error::new(Kind::ConfigFileError, message).with_hint(hint));
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            return refuse("TLS needs both a certificate and a key".to_owned(), "Give tls_certificate and tls_key, or neither.");
        }
        if !self.listen.ip().is_loopback() && self.tls_certificate.is_none() && !self.insecure {
            return refuse(
                format!("{} is reachable from other machines and TLS is off", self.listen),
                "Give --tls-certificate and --tls-key, listen on 127.0.0.1, or accept it with --insecure.",
            );
        }
        for (name, value) in [
            ("max_connections", self.max_connections),
            ("query_memory_mib", self.query_memory_mib),
            ("transaction_mib", self.transaction_mib),
            ("flush_mib", self.flush_mib),
        ] {
            if value == 0 {
                return refuse(format!("{name} must be at least 1"), "Leave it out to take the default.");
            }
        }
        for (name, value) in [("flush_seconds", self.flush_seconds), ("purge_seconds", self.purge_seconds)] {
            if value == 0 {
                return refuse(format!("{name} must be at least 1"), "Leave it out to take the default.");
            }
        }
        Ok(())
    }
}

/// The superuser's password, where the environment gives one: the command line would show it to every user of the machine.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
pub fn superuser_password() -> Option<String> {
    std::env::var("ANNALS_PASSWORD").ok()
}

/// What object stores' own tools read from the environment, as `AWS_REGION`.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
pub fn object_store_settings() -> Vec<(String, String)> {
    let ours = |name: &str| ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|prefix| name.starts_with(prefix));
    std::env::vars().filter(|(name, _)| ours(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_address_without_tls_is_refused() {
        let mut config = Config { listen: "0.0.0.0:5454".parse().unwrap(), ..Config::default() };
        assert!(config.validate().unwrap_err().message().contains("TLS is off"));
        config.insecure = true;
        assert!(config.validate().is_ok());
    }

    #[test]
    fn an_unknown_setting_in_the_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("annals.toml");
        std::fs::write(&path, "flush_mib = 10\n").unwrap();
        assert_eq!(Config::from_file(&path).unwrap().flush_mib, 10);
        std::fs::write(&path, "flush_mb = 10\n").unwrap();
        assert!(Config::from_file(&path).unwrap_err().message().contains("flush_mb"));
    }
}
