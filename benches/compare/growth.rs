//! Our own system at several sizes: do look-ups and pages stay what they are when there are fifty times as many rows?

use crate::asked::{Found, Place, ask};
use crate::common::Result;
use crate::common::process::say;
use crate::peers::{Annals, Samples};
use crate::report::{Line, Report};
use crate::{Bench, System};

/// What is asked when nothing else was said: those whose time must not follow the number of rows.
const GROUPS: [&str; 2] = ["look-up", "page"];

/// What was found at one size.
#[derive(Debug)]
pub(crate) struct Size {
    pub(crate) rows: u64,
    pub(crate) found: Found,
    /// Highest resident memory of the server, in bytes.
    pub(crate) peak: f64,
    pub(crate) disk: f64,
    /// Rows a second of the load.
    pub(crate) load: f64,
}

impl Size {
    /// One of the figures of our own system.
    pub(crate) fn figure(&self, line: Line) -> f64 {
        match line {
            Line::Load => self.load,
            Line::Disk => self.disk,
            Line::Memory => self.peak,
            Line::Settle | Line::Copy | Line::Insert => f64::NAN,
        }
    }
}

/// Loads and asks at one size after the other, each on a server of its own.
pub(crate) async fn sizes(bench: &Bench, report: &mut Report) -> Result<()> {
    let groups: Vec<String> = GROUPS.map(str::to_owned).to_vec();
    let queries = if bench.flags.queries.is_empty() { &groups } else { &bench.flags.queries };
    for &rows in &bench.flags.growth {
        say(&format!("-- {rows} rows"));
        let data = bench.path(&format!("annals-{rows}"));
        let samples = Samples::take(bench, rows, report).await?;
        let annals = Annals::start(bench, &data).await?;
        annals.fill(bench, rows, &data, Some(&samples), report).await?;
        let found = ask(bench, &samples, &[(System::Annals, Place::Server(annals.address()))], queries).await?;
        let (load, disk) = report.loaded();
        report.size(Size { rows, found, peak: annals.peak()?, disk, load });
        annals.stop(report).await?;
        std::fs::remove_dir_all(&data)?;
    }
    Ok(())
}
