//! May this role do this to that? Pure decisions over plain data; the room reads nothing and never plans.
//!
//! Words: an [`Identity`] is who a statement runs as, a [`Standing`] which roles' rights it has, an [`Action`] what it wants to do to
//! a table, a [`Decision`] the answer. What no line here allows is denied.

mod decision;
mod identity;
mod protection;
mod standing;
mod verifier;

pub use crate::catalog::SUPERUSER;
pub(crate) use decision::may;
pub use decision::{Action, Decision, Reach, audits, decide, denied, may_know, oversees, require};
pub use identity::{Identity, Limits};
pub use protection::{is_held_to_rows, masks, subject};
pub use standing::{Standing, grantable, held, owns};
pub use verifier::{ITERATIONS, ITERATIONS_MIN, Verifier, scram_verifier};
