//! One frame of the log, and how it is told from damage.
//!
//! | bytes | content                                                                |
//! |-------|------------------------------------------------------------------------|
//! | 4     | magic, `AnWL`                                                          |
//! | 4     | length of the body                                                     |
//! | 4     | CRC-32C (RFC 3720, appendix B.4) of the length and the body            |
//! | 8     | body: sequence of the commit                                           |
//! | 1     | body: kind                                                             |
//! | 16    | body: table id, zero where none is meant                               |
//! | rest  | body: payload                                                          |
//!
//! Numbers are little-endian.

use arrow::buffer::Buffer;
use std::io::{self, Read};
use uuid::Uuid;

use crate::store::spec::TableId;

pub(crate) const MAGIC: [u8; 4] = *b"AnWL";
pub(crate) const HEADER: usize = 12;
const PREFIX: usize = 25;
/// No frame's body is longer; commits with more rows are split over several frames.
pub(crate) const BODY_MAX: usize = 64 * 1024 * 1024;

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// A table's definition, new or changed.
    Define,
    /// The end of a table.
    Drop,
    /// Rows of a table.
    Rows,
    /// Segments that a bulk load wrote.
    Load,
    /// The end of a run.
    Commit,
    /// The end of a file's head.
    Head,
}

impl FrameKind {
    const ALL: [FrameKind; 6] =
        [FrameKind::Define, FrameKind::Drop, FrameKind::Rows, FrameKind::Commit, FrameKind::Head, FrameKind::Load];

    fn code(self) -> u8 {
        match self {
            FrameKind::Define => 1,
            FrameKind::Drop => 2,
            FrameKind::Rows => 3,
            FrameKind::Commit => 4,
            FrameKind::Head => 5,
            FrameKind::Load => 6,
        }
    }

    fn of(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A frame that was read back whole.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub sequence: u64,
    pub kind: FrameKind,
    pub table: TableId,
    pub payload: Buffer,
}

/// What a commit mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CommitMark {
    /// How many frames the run has before the mark.
    pub frames: u32,
    /// Up to where the file was known to be durable when the mark was written: damage below it is damage to acknowledged commits.
    pub durable: u64,
}

impl CommitMark {
    pub(crate) fn encode(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&self.frames.to_le_bytes());
        bytes[4..].copy_from_slice(&self.durable.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let frames = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
        let durable = u64::from_le_bytes(bytes.get(4..12)?.try_into().ok()?);
        (bytes.len() == 12).then_some(CommitMark { frames, durable })
    }
}

/// Appends a frame whose payload is given in pieces, so that large ones need no copy before this one.
pub(crate) fn append(buffer: &mut Vec<u8>, sequence: u64, kind: FrameKind, table: TableId, payload: &[&[u8]]) -> io::Result<()> {
    let body = PREFIX + payload.iter().map(|piece| piece.len()).sum::<usize>();
    if body > BODY_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("a frame of {body} bytes is longer than {BODY_MAX}")));
    }
    let length = u32::try_from(body).map_err(|cause| io::Error::new(io::ErrorKind::InvalidInput, cause))?.to_le_bytes();
    let start = buffer.len();
    buffer.reserve(HEADER + body);
    buffer.extend_from_slice(&MAGIC);
    buffer.extend_from_slice(&length);
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&sequence.to_le_bytes());
    buffer.push(kind.code());
    buffer.extend_from_slice(table.0.as_bytes());
    for piece in payload {
        buffer.extend_from_slice(piece);
    }
    let crc = crc32c::crc32c_append(crc32c::crc32c(&length), &buffer[start + HEADER..]);
    buffer[start + 8..start + HEADER].copy_from_slice(&crc.to_le_bytes());
    Ok(())
}

/// What stands at a place of a file.
#[derive(Debug)]
pub(crate) enum Found {
    Frame(Frame, u64),
    End,
    Bad(&'static str),
}

/// Reads the frame at the reader's place; the number beside a frame is its length in the file.
///
/// # Errors
/// Only when the operating system fails to read; damage is [`Found::Bad`].
pub(crate) fn read(reader: &mut impl Read) -> io::Result<Found> {
    let mut header = [0; HEADER];
    match fill(reader, &mut header)? {
        0 => return Ok(Found::End),
        HEADER => {}
        _ => return Ok(Found::Bad("a frame's header is cut short")),
    }
    let Some((length, crc)) = parse_header(&header) else {
        return Ok(Found::Bad("no frame begins here"));
    };
    let mut body = vec![0; length];
    if fill(reader, &mut body)? != length {
        return Ok(Found::Bad("a frame is cut short"));
    }
    if crc32c::crc32c_append(crc32c::crc32c(&header[4..8]), &body) != crc {
        return Ok(Found::Bad("a frame's checksum is wrong"));
    }
    match parse_body(body) {
        Some(frame) => Ok(Found::Frame(frame, (HEADER + length) as u64)),
        None => Ok(Found::Bad("a frame is of no known kind")),
    }
}

/// The length of the body and the checksum, if this can be a frame's header.
fn parse_header(header: &[u8; HEADER]) -> Option<(usize, u32)> {
    if header[..4] != MAGIC {
        return None;
    }
    let length = u32::from_le_bytes(header[4..8].try_into().ok()?) as usize;
    let crc = u32::from_le_bytes(header[8..12].try_into().ok()?);
    (PREFIX..=BODY_MAX).contains(&length).then_some((length, crc))
}

fn parse_body(body: Vec<u8>) -> Option<Frame> {
    let sequence = u64::from_le_bytes(body.get(..8)?.try_into().ok()?);
    let kind = FrameKind::of(*body.get(8)?)?;
    let table = TableId(Uuid::from_slice(body.get(9..PREFIX)?).ok()?);
    Some(Frame { sequence, kind, table, payload: Buffer::from_vec(body).slice(PREFIX) })
}

/// Reads until the buffer is full or the file ends, and says how much came.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(filled)
}

/// Finds commit marks behind damage: the greatest durable offset that any whole mark in these bytes vouches for.
pub(crate) fn vouched(bytes: &[u8]) -> Option<u64> {
    let mut best = None;
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(MAGIC.len()).position(|window| window == MAGIC) {
        at += found;
        let mut rest = &bytes[at..];
        if let Ok(Found::Frame(frame, length)) = read(&mut rest) {
            if frame.kind == FrameKind::Commit
                && let Some(mark) = CommitMark::decode(&frame.payload)
            {
                best = best.max(Some(mark.durable));
            }
            at += length as usize;
        } else {
            at += 1;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let mut bytes = Vec::new();
        append(&mut bytes, 42, FrameKind::Rows, TableId(Uuid::from_u128(7)), &[b"hello ", b"rows"]).unwrap();
        bytes
    }

    #[test]
    fn a_frame_comes_back_whole() {
        let bytes = sample();
        let mut reader = bytes.as_slice();
        let Found::Frame(frame, length) = read(&mut reader).unwrap() else { panic!("no frame") };
        assert_eq!((frame.sequence, frame.kind, frame.table), (42, FrameKind::Rows, TableId(Uuid::from_u128(7))));
        assert_eq!(frame.payload.as_slice(), b"hello rows");
        assert_eq!(length as usize, bytes.len());
        assert!(matches!(read(&mut reader).unwrap(), Found::End));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let bytes = sample();
        for bit in 0..bytes.len() * 8 {
            let mut broken = bytes.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(read(&mut broken.as_slice()).unwrap(), Found::Bad(_)), "bit {bit}");
        }
        for cut in 1..bytes.len() {
            assert!(matches!(read(&mut &bytes[..cut]).unwrap(), Found::Bad(_)), "cut at {cut}");
        }
    }

    #[test]
    fn a_mark_behind_damage_tells_what_was_durable() {
        let mut bytes = b"garbage AnWL more".to_vec();
        let none = TableId(Uuid::nil());
        append(&mut bytes, 1, FrameKind::Commit, none, &[&CommitMark { frames: 0, durable: 900 }.encode()]).unwrap();
        append(&mut bytes, 2, FrameKind::Commit, none, &[&CommitMark { frames: 0, durable: 700 }.encode()]).unwrap();
        assert_eq!(vouched(&bytes), Some(900));
        assert_eq!(vouched(b"nothing here"), None);
    }

    #[test]
    fn a_frame_longer_than_the_limit_is_not_written() {
        let big = vec![0; BODY_MAX];
        assert!(append(&mut Vec::new(), 1, FrameKind::Rows, TableId(Uuid::nil()), &[&big]).is_err());
    }
}
