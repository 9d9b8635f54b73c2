//! A small file system in memory, for a disk that is full or may not be written.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{folder, run_to_end, skipped};

/// A mounted tmpfs, unmounted when dropped.
pub(crate) struct Mounted(TempDir);

impl Mounted {
    /// Mounts one; `None`, after a line that says so, where this user may not mount.
    pub(crate) fn new(options: &str) -> Option<Mounted> {
        let folder = folder();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "annals-test"]).arg(folder.path());
        let able = Command::new("mount").arg("--version").output().is_ok() && run_to_end(&mut mount).status.success();
        if !able {
            skipped("a file system of its own", "this user may not mount a tmpfs");
            return None;
        }
        Some(Mounted(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Gives it other options, such as a larger size.
    pub(crate) fn remount(&self, options: &str) {
        run_to_end(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.path())).succeeded();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily, because a server that a failing test has just killed may be leaving still.
        run_to_end(Command::new("umount").arg("-l").arg(self.path()));
    }
}
