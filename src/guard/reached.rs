//! Which tables and views a statement has asked the guard for, whatever the answer was: what the record of the statement names.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::catalog::Name;

/// Names that are kept for one statement; a statement that names more is told from others well enough.
const NAMES_MAX: usize = 100;

/// The names that one statement has reached, in the order in which it did.
#[derive(Debug, Default)]
pub struct Reached(Mutex<Vec<String>>);

impl Reached {
    /// Adds a name, once.
    pub fn note(&self, name: &Name) {
        let name = name.to_string();
        let mut names = self.lock();
        if names.len() < NAMES_MAX && !names.contains(&name) {
            names.push(name);
        }
    }

    /// The names so far.
    pub fn names(&self) -> Vec<String> {
        self.lock().clone()
    }

    /// Begins another statement, which has reached these by what it goes on with.
    pub fn begin(&self, names: Vec<String>) {
        *self.lock() = names;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        // A list of names is whole whatever panics elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
