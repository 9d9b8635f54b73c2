//! stub
use crate::value::{SqlType, Style};
use crate::error::Result;
#[derive(Debug, Clone)]
pub struct CopyOptions { pub map: Option<String> }
impl CopyOptions { pub fn json() -> Self { CopyOptions { map: None } } }
pub struct CopyReader;
pub struct CopyWriter;
