//! stub
use crate::error::Result;
use crate::ingest::copy::CopyOptions;
use crate::query::parse::Copy;
use crate::query::session::{Outcome, Session};
pub struct CopyIn { }
pub(super) fn copy_in(_session: &Session, _c: &Copy) -> Result<Outcome> { unimplemented!() }
pub(super) async fn copy_out(_session: &Session, _c: &Copy) -> Result<Outcome> { unimplemented!() }
pub(super) async fn store(_session: &mut Session, _copy: Box<CopyIn>) -> Result<u64> { unimplemented!() }
