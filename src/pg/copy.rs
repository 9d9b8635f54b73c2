//! COPY in both directions: its messages, not its formats (PostgreSQL 15, section 55.2.6).

use datafusion::execution::SendableRecordBatchStream;
use pgwire::messages::PgWireFrontendMessage;
use pgwire::messages::copy::{CopyDone, CopyInResponse, CopyOutResponse, MESSAGE_TYPE_BYTE_COPY_DATA};

use super::connection::Connection;
use super::error::Failure;
use super::frame::{self, Stage};
use super::rows::{Format, next_batch, patch_length};
use super::wire::FLUSH_BYTES;
use crate::error::{Error, Kind, Result};
use crate::query::session::{Column, CopyIn};
use crate::query::stub::{CopyFormat, CopyOptions, CopyWriter};

impl Connection<'_> {
    /// Takes rows until the client says that it is done. Returns the command's tag. Whatever ends it otherwise, nothing is stored.
    pub(super) async fn copy_in(&mut self, mut copy: Box<CopyIn>) -> Result<String, Failure> {
        let format = wire_format(copy.options().format);
        let columns = copy.column_count();
        let column_count = i16::try_from(columns).map_err(|_| too_many_columns())?;
        self.wire.send(&CopyInResponse::new(overall(format), column_count, vec![format.code(); columns]))?;
        self.wire.flush().await?;
        loop {
            let message = self.interrupt.unless_raised(self.wire.frame(Stage::Session)).await?;
            let tag = message.first().copied().unwrap_or_default();
            match frame::decode(message)? {
                PgWireFrontendMessage::CopyData(data) => {
                    self.interrupt.attend(self.wire, copy.push(data.data)).await?;
                }
                PgWireFrontendMessage::CopyDone(_) => break,
                PgWireFrontendMessage::CopyFail(fail) => {
                    return Err(Error::new(Kind::QueryCanceled, format!("COPY from stdin failed: {}", fail.message)).into());
                }
                // Clients send these behind an Execute before they know that it was a COPY.
                PgWireFrontendMessage::Flush(_) | PgWireFrontendMessage::Sync(_) => {}
                PgWireFrontendMessage::Terminate(_) => return Err(Failure::Gone),
                _ => {
                    return Err(Failure::protocol(format!("unexpected message type 0x{tag:02X} during COPY from stdin")));
                }
            }
        }
        self.interrupt.attend(self.wire, self.session.finish_copy(copy)).await
    }

    /// Sends rows in the options' format, each in a message of its own, as clients expect. Returns the command's tag.
    pub(super) async fn copy_out(
        &mut self,
        columns: &[Column],
        mut rows: SendableRecordBatchStream,
        options: &CopyOptions,
    ) -> Result<String, Failure> {
        self.send_notices()?;
        let format = wire_format(options.format);
        let column_count = i16::try_from(columns.len()).map_err(|_| too_many_columns())?;
        self.wire.send(&CopyOutResponse::new(overall(format), column_count, vec![format.code(); columns.len()]))?;
        let named = columns.iter().map(|column| (column.name.clone(), column.sql_type.clone())).collect();
        let mut writer = CopyWriter::new(options.clone(), named, self.session.style())?;
        let mut head = Vec::new();
        writer.begin(&mut head)?;
        // Whole messages that have not been handed over yet.
        let mut out = Vec::new();
        if format == Format::Text {
            copy_data(&mut out, |into| {
                into.append(&mut head);
                Ok(())
            })?;
        }
        let mut count = 0_u64;
        while let Some(batch) = next_batch(&mut rows, self.wire, &self.interrupt).await? {
            for row in 0..batch.num_rows() {
                // Clients take a binary header off the first row's message, so it must not stand in one of its own.
                copy_data(&mut out, |into| {
                    into.append(&mut head);
                    writer.row(&batch, row, into)
                })?;
                count += 1;
                if out.len() >= FLUSH_BYTES {
                    self.put(&mut out).await?;
                }
            }
        }
        copy_data(&mut out, |into| {
            into.append(&mut head);
            writer.end(into)
        })?;
        self.put(&mut out).await?;
        self.wire.send(&CopyDone::new())?;
        Ok(format!("COPY {count}"))
    }

    async fn put(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.wire.outbox().extend_from_slice(out);
        out.clear();
        self.wire.flush_if_full().await?;
        self.interrupt.check()
    }
}

/// Appends one CopyData message, or nothing if it would be empty.
fn copy_data(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
    out.push(MESSAGE_TYPE_BYTE_COPY_DATA);
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    fill(out)?;
    match out.len() - at {
        4 => out.truncate(at - 1),
        length => patch_length(out, at, length)?,
    }
    Ok(())
}

fn too_many_columns() -> Error {
    Error::new(Kind::ProgramLimitExceeded, "COPY has too many columns")
}

/// Whether the format is announced to clients as text or as binary.
fn wire_format(format: CopyFormat) -> Format {
    match format {
        CopyFormat::Binary => Format::Binary,
        CopyFormat::Text | CopyFormat::Csv | CopyFormat::Json => Format::Text,
    }
}

fn overall(format: Format) -> i8 {
    match format {
        Format::Text => 0,
        Format::Binary => 1,
    }
}
