//! What the documents of a segment have at a path: each row's value as a code, where few values repeat.
//!
//! ```text
//! header   magic, the segment that it is of, CRC-32C
//! body     deflated: how many values (0 where there are too many to have codes), each value's length (all ones is NULL) and text,
//!          bytes of a code, the codes of all rows
//! CRC-32C of header and body
//! ```
//!
//! It holds values of rows, and goes with its segment as they do.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use arrow::datatypes::DataType;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::Origin;
use super::column::{HEADER_BYTES, header};
use crate::error::{Error, Kind, Result};
use crate::store::codes::{CodeRows, Coder, Codes, FEW_VALUES};
use crate::value::json::path::{Step, text_at};

const MAGIC: [u8; 8] = *b"ANNALPTH";
const CRC_BYTES: usize = 4;

/// What some steps lead to in each of some documents, as `->>` answers it.
///
/// # Errors
/// XX000 when they are no texts.
pub(super) fn extracted(documents: &ArrayRef, steps: &[Step]) -> Result<ArrayRef> {
    let documents =
        documents.as_string_view_opt().ok_or_else(|| Error::internal("a path leads into something else than documents"))?;
    Ok(Arc::new(texts_at(documents, steps)))
}

/// The same of texts.
pub fn texts_at(documents: &StringViewArray, steps: &[Step]) -> StringViewArray {
    let mut out = StringViewBuilder::with_capacity(documents.len()).with_deduplicate_strings();
    for document in documents {
        out.append_option(document.and_then(|document| text_at(document, steps)));
    }
    out.finish()
}

/// Gathers the values of a segment.
pub(super) struct ValuesBuilder {
    /// `None` once there are too many values.
    coder: Option<Coder>,
}

impl ValuesBuilder {
    pub(super) fn new(rows: u64) -> Self {
        ValuesBuilder { coder: Some(Coder::new(usize::try_from(rows).unwrap_or(0), FEW_VALUES)) }
    }

    /// Takes what the path leads to in the next rows.
    pub(super) fn add(&mut self, values: &ArrayRef) -> Result<()> {
        let fits = match &mut self.coder {
            Some(coder) => coder.add(values.as_ref()).map_err(|cause| Error::internal(cause.to_string()))?,
            None => false,
        };
        if !fits {
            self.coder = None;
        }
        Ok(())
    }

    pub(super) fn finish(self, of: Origin) -> Result<Vec<u8>> {
        let failed = |cause: std::io::Error| Error::internal(cause.to_string());
        let mut body = ZlibEncoder::new(header(MAGIC, of).to_vec(), Compression::default());
        match self.coder.and_then(|coder| coder.finish(&DataType::Utf8View)) {
            None => body.write_all(&0u32.to_le_bytes()).map_err(failed)?,
            Some(Codes { values, rows }) => {
                let values = values.as_string_view();
                let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
                body.write_all(&number(values.len())).map_err(failed)?;
                for value in values {
                    body.write_all(&value.map_or(u32::MAX.to_le_bytes(), |value| number(value.len()))).map_err(failed)?;
                    body.write_all(value.unwrap_or_default().as_bytes()).map_err(failed)?;
                }
                match rows {
                    CodeRows::U8(rows) => {
                        body.write_all(&[1]).map_err(failed)?;
                        body.write_all(&rows).map_err(failed)?;
                    }
                    CodeRows::U16(rows) => {
                        body.write_all(&[2]).map_err(failed)?;
                        let bytes: Vec<u8> = rows.iter().flat_map(|code| code.to_le_bytes()).collect();
                        body.write_all(&bytes).map_err(failed)?;
                    }
                    CodeRows::U32(_) => return Err(Error::internal("few values need no more than two bytes each")),
                }
            }
        }
        let mut bytes = body.finish().map_err(failed)?;
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        Ok(bytes)
    }
}

/// The file of a path's values, which is read whole when codes are asked for.
#[derive(Debug)]
pub(super) struct ValuesFile {
    path: PathBuf,
    of: Origin,
}

impl ValuesFile {
    pub(super) fn open(path: &Path, of: Origin) -> Result<Self> {
        let failed = |cause: &std::io::Error| Error::io("read index", path, cause);
        let mut file = fs::File::open(path).map_err(|cause| failed(&cause))?;
        let mut found = [0; HEADER_BYTES];
        file.read_exact(&mut found).map_err(|cause| failed(&cause))?;
        if found != header(MAGIC, of) {
            return Err(broken(path, "it is not an index of this segment"));
        }
        Ok(ValuesFile { path: path.to_owned(), of })
    }

    /// The codes of the segment's rows; `None` if it has too many values.
    ///
    /// # Errors
    /// `DataCorrupted` when the file is damaged.
    pub(super) fn codes(&self) -> Result<Option<Codes>> {
        let bytes = fs::read(&self.path).map_err(|cause| Error::io("read index", &self.path, &cause))?;
        let (whole, crc) = bytes.split_at_checked(bytes.len().saturating_sub(CRC_BYTES)).unwrap_or_default();
        if crc32c::crc32c(whole).to_le_bytes() != crc || whole.len() < HEADER_BYTES {
            return Err(broken(&self.path, "its checksum is wrong"));
        }
        let mut body = Vec::new();
        ZlibDecoder::new(&whole[HEADER_BYTES..]).read_to_end(&mut body).map_err(|_| broken(&self.path, "it does not unpack"))?;
        let mut body = Body { bytes: &body, path: &self.path };
        let values = body.number()?;
        if values == 0 {
            return Ok(None);
        }
        let values = usize::try_from(values).ok().filter(|values| *values <= FEW_VALUES);
        let values = values.ok_or_else(|| broken(&self.path, "it has too many values"))?;
        let mut texts = StringViewBuilder::with_capacity(values);
        for _ in 0..values {
            match body.number()? {
                u32::MAX => texts.append_null(),
                length => {
                    let text = std::str::from_utf8(body.take(length as usize)?);
                    texts.append_value(text.map_err(|_| broken(&self.path, "a value is no text"))?);
                }
            }
        }
        let rows = usize::try_from(self.of.rows).unwrap_or(usize::MAX);
        let rows = match body.take(1)? {
            [1] => CodeRows::U8(body.take(rows)?.to_vec()),
            _ => {
                let bytes = body.take(rows.saturating_mul(2))?;
                CodeRows::U16(bytes.chunks_exact(2).map(|code| u16::from_le_bytes([code[0], code[1]])).collect())
            }
        };
        if rows.highest().is_some_and(|code| code as usize >= values) {
            return Err(broken(&self.path, "a code stands for no value"));
        }
        Ok(Some(Codes { values: Arc::new(texts.finish()), rows }))
    }
}

fn broken(path: &Path, what: &str) -> Error {
    Error::new(Kind::DataCorrupted, format!("index \"{}\" cannot be used: {what}", path.display()))
}

/// What is still to be read.
struct Body<'a> {
    bytes: &'a [u8],
    path: &'a Path,
}

impl<'a> Body<'a> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(bytes).ok_or_else(|| broken(self.path, "it is cut short"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(documents: &[Option<&str>], steps: &[Step]) -> Vec<u8> {
        let of = Origin { rows: documents.len() as u64, crc32c: 7 };
        let documents: ArrayRef = Arc::new(StringViewArray::from_iter(documents.iter().copied()));
        let mut builder = ValuesBuilder::new(of.rows);
        builder.add(&extracted(&documents, steps).unwrap()).unwrap();
        builder.finish(of).unwrap()
    }

    #[test]
    fn what_was_written_is_read_and_a_turned_bit_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.values");
        let documents = [Some(r#"{"a": "x"}"#), Some("{}"), None, Some(r#"{"a": 7}"#), Some(r#"{"a": "x"}"#)];
        let steps = [Step::Key("a".to_owned())];
        let bytes = written(&documents, &steps);
        fs::write(&path, &bytes).unwrap();
        let of = Origin { rows: 5, crc32c: 7 };
        let codes = ValuesFile::open(&path, of).unwrap().codes().unwrap().unwrap();
        let CodeRows::U8(rows) = &codes.rows else { panic!("three values need one byte") };
        let values = codes.values.as_string_view();
        let read: Vec<Option<String>> = rows
            .iter()
            .map(|code| {
                arrow::array::Array::is_valid(values, usize::from(*code)).then(|| values.value(usize::from(*code)).to_owned())
            })
            .collect();
        assert_eq!(read, [Some("x"), None, None, Some("7"), Some("x")].map(|value| value.map(str::to_owned)));
        assert!(ValuesFile::open(&path, Origin { rows: 5, crc32c: 8 }).is_err(), "of another file");
        for at in 0..bytes.len() {
            let mut turned = bytes.clone();
            turned[at] ^= 1;
            fs::write(&path, &turned).unwrap();
            let read = ValuesFile::open(&path, of).and_then(|file| file.codes());
            assert!(read.is_err(), "byte {at}");
        }
    }

    #[test]
    fn too_many_values_have_no_codes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.values");
        let documents: Vec<String> = (0..=FEW_VALUES).map(|row| format!("[{row}]")).collect();
        let documents: Vec<Option<&str>> = documents.iter().map(|text| Some(text.as_str())).collect();
        fs::write(&path, written(&documents, &[Step::Element(0)])).unwrap();
        let of = Origin { rows: documents.len() as u64, crc32c: 7 };
        assert!(ValuesFile::open(&path, of).unwrap().codes().unwrap().is_none());
    }
}
