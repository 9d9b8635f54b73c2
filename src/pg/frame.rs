//! Cuts single messages out of the bytes that a client sends, and lets only well-formed ones reach the library's decoder.
//!
//! The library reads strings up to the next NUL of the whole buffer, replaces bytes that are not UTF-8, and trusts counts. Here a
//! message is first cut to its declared length, which is limited by the message's type and by whether the client has logged in;
//! then its layout is walked: every string ends inside the message and is UTF-8, every count fits, nothing is left over.
//! Source of the layouts: PostgreSQL 15, section 55.7.

use bytes::{Buf, BytesMut};
use pgwire::messages::{DecodeContext, PgWireFrontendMessage, ProtocolVersion};

use super::error::Fatal;
use crate::error::{Error, Kind, Result};

/// Bytes that a client may send before it has logged in, for any one message.
pub(super) const LOGIN_BYTES_MAX: usize = 10_000;

/// Bytes of a message that carries only a name or nothing.
const SMALL_BYTES_MAX: usize = 10_000;

/// Room for names and counts beside a statement's text or a statement's parameters.
const FRAME_OVERHEAD: usize = 64 * 1024;

/// Whether the client has proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Only answers to the server's authentication requests are understood.
    Login,
    Session,
}

/// How large single messages may be after login, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct MessageLimits {
    /// Text of a statement in Query and Parse. Larger costs memory before anything can be checked.
    pub statement: usize,
    /// All parameters of one Bind.
    pub parameters: usize,
    /// One CopyData message; a COPY has any number of them.
    pub copy_data: usize,
}

impl Default for MessageLimits {
    fn default() -> Self {
        MessageLimits { statement: 64 << 20, parameters: 64 << 20, copy_data: 64 << 20 }
    }
}

/// The largest length that a message of this type may declare; `None` if the type must not come at this stage.
fn length_max(tag: u8, stage: Stage, limits: &MessageLimits) -> Option<usize> {
    match stage {
        Stage::Login => (tag == b'p').then_some(LOGIN_BYTES_MAX),
        Stage::Session => match tag {
            b'Q' | b'P' => Some(limits.statement + FRAME_OVERHEAD),
            b'B' => Some(limits.parameters + FRAME_OVERHEAD),
            b'd' => Some(limits.copy_data + 4),
            b'D' | b'C' | b'E' | b'F' | b'H' | b'S' | b'X' | b'c' | b'f' => Some(SMALL_BYTES_MAX),
            _ => None,
        },
    }
}

/// Takes the first whole message off `inbox`: its type, its length and its body. `None` if more bytes are needed.
///
/// # Errors
/// 08P01 for a type that must not come now and for a length out of bounds; where the next message begins is unknown then.
pub(super) fn cut(inbox: &mut BytesMut, stage: Stage, limits: &MessageLimits) -> Result<Option<BytesMut>, Fatal> {
    let Some(&tag) = inbox.first() else {
        return Ok(None);
    };
    let Some(most) = length_max(tag, stage, limits) else {
        let expected = match stage {
            Stage::Login => format!("expected SASL response, got message type {tag}"),
            Stage::Session => format!("invalid frontend message type {tag}"),
        };
        return Err(Fatal::new(Kind::ProtocolViolation, expected));
    };
    let Some(length) = inbox.get(1..5) else {
        return Ok(None);
    };
    let length = length.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    if length < 4 {
        return Err(Fatal::new(Kind::ProtocolViolation, "invalid message length"));
    }
    if length > most {
        return Err(Fatal::new(Kind::ProtocolViolation, "invalid message length").with_detail(format!(
            "A message of type \"{}\" may have {most} bytes, this one announces {length}.",
            char::from(tag).escape_default()
        )));
    }
    Ok((inbox.len() > length).then(|| inbox.split_to(length + 1)))
}

/// Decodes one whole message as [`cut`] returns it.
///
/// # Errors
/// 08P01 for a body that does not have the type's layout, 22021 for text that is not UTF-8, 0A000 for FunctionCall.
pub(super) fn decode(mut frame: BytesMut) -> Result<PgWireFrontendMessage> {
    let (Some(&tag), Some(body)) = (frame.first(), frame.get(5..)) else {
        return Err(malformed());
    };
    if tag == b'F' {
        return Err(Error::new(Kind::FeatureNotSupported, "function calls by the fast-path interface are not supported")
            .with_hint("Call the function in a SELECT."));
    }
    walk(tag, &mut Layout { rest: body })?;
    PgWireFrontendMessage::decode(&mut frame, &decode_context()).map_err(|_| malformed())?.ok_or_else(malformed)
}

/// Tells the library's decoder that the connection is past its start.
pub(super) fn decode_context() -> DecodeContext {
    let mut context = DecodeContext::new(ProtocolVersion::PROTOCOL3_2);
    context.awaiting_frontend_ssl = false;
    context.awaiting_frontend_startup = false;
    context
}

fn malformed() -> Error {
    Error::new(Kind::ProtocolViolation, "invalid message format")
}

/// Checks the whole body of a message of this type.
fn walk(tag: u8, body: &mut Layout<'_>) -> Result<()> {
    match tag {
        b'Q' | b'f' => {
            body.text()?;
        }
        b'P' => {
            body.text()?;
            body.text()?;
            let types = body.count()?;
            body.skip(types * 4)?;
        }
        b'B' => {
            body.text()?;
            body.text()?;
            let formats = body.count()?;
            body.skip(formats * 2)?;
            for _ in 0..body.count()? {
                body.value()?;
            }
            let formats = body.count()?;
            body.skip(formats * 2)?;
        }
        b'D' | b'C' => {
            let subtype = body.byte()?;
            if !matches!(subtype, b'S' | b'P') {
                let name = if tag == b'D' { "DESCRIBE" } else { "CLOSE" };
                return Err(Error::new(Kind::ProtocolViolation, format!("invalid {name} message subtype {subtype}")));
            }
            body.text()?;
        }
        b'E' => {
            body.text()?;
            body.skip(4)?;
        }
        // The bytes of a COPY belong to its format, those of a SASL answer to its mechanism, and who leaves may say what he likes.
        b'd' | b'p' | b'X' => return Ok(()),
        b'H' | b'S' | b'c' => {}
        _ => return Err(malformed()),
    }
    body.end()
}

/// Checks the body of a SASLInitialResponse: the mechanism's name, a length and exactly so many bytes.
pub(super) fn walk_sasl_initial(body: &[u8]) -> Result<()> {
    let mut body = Layout { rest: body };
    body.text()?;
    body.value()?;
    body.end()
}

/// Checks a startup packet's parameters: pairs of strings, closed by an empty name that ends the packet.
pub(super) fn walk_startup(parameters: &[u8]) -> Result<()> {
    let mut parameters = Layout { rest: parameters };
    while !parameters.text()?.is_empty() {
        parameters.text()?;
    }
    parameters.end()
}

/// What of a message's body has not been looked at yet.
struct Layout<'a> {
    rest: &'a [u8],
}

impl<'a> Layout<'a> {
    /// A string that ends with NUL inside the message.
    fn text(&mut self) -> Result<&'a str> {
        let end = self.rest.iter().position(|byte| *byte == 0).ok_or_else(malformed)?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        utf8(text)
    }

    fn byte(&mut self) -> Result<u8> {
        let (byte, rest) = self.rest.split_first().ok_or_else(malformed)?;
        self.rest = rest;
        Ok(*byte)
    }

    /// An unsigned count of two bytes.
    fn count(&mut self) -> Result<usize> {
        if self.rest.len() < 2 {
            return Err(malformed());
        }
        Ok(usize::from(self.rest.get_u16()))
    }

    fn skip(&mut self, bytes: usize) -> Result<()> {
        self.rest = self.rest.get(bytes..).ok_or_else(malformed)?;
        Ok(())
    }

    /// A length of four bytes, -1 for NULL, and so many bytes.
    fn value(&mut self) -> Result<()> {
        if self.rest.len() < 4 {
            return Err(malformed());
        }
        match self.rest.get_i32() {
            -1 => Ok(()),
            length => self.skip(usize::try_from(length).map_err(|_| malformed())?),
        }
    }

    fn end(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(malformed()) }
    }
}

/// Text of a client, which must be UTF-8.
///
/// # Errors
/// 22021, naming the first bytes that are not.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let bad: String = bytes[error.valid_up_to()..].iter().take(4).map(|byte| format!(" 0x{byte:02x}")).collect();
        Error::new(Kind::CharacterNotInRepertoire, format!("invalid byte sequence for encoding \"UTF8\":{bad}"))
    })
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;
    use pgwire::messages::extendedquery::{Bind, Parse};
    use pgwire::messages::simplequery::Query;

    use super::*;

    fn message(tag: u8, body: &[u8]) -> BytesMut {
        let mut bytes = BytesMut::new();
        bytes.put_u8(tag);
        bytes.put_i32(i32::try_from(body.len()).unwrap() + 4);
        bytes.put_slice(body);
        bytes
    }

    fn sqlstate(tag: u8, body: &[u8]) -> &'static str {
        decode(message(tag, body)).unwrap_err().sqlstate()
    }

    #[test]
    fn before_login_every_type_but_one_and_every_length_over_ten_thousand_is_refused() {
        let limits = MessageLimits::default();
        for tag in (0..=255_u8).filter(|tag| *tag != b'p') {
            let mut inbox = BytesMut::from(&[tag][..]);
            assert!(cut(&mut inbox, Stage::Login, &limits).is_err(), "type {tag}");
        }
        let mut huge = BytesMut::from(&b"p\x40\x00\x00\x00"[..]);
        assert_eq!(cut(&mut huge, Stage::Login, &limits).unwrap_err().sqlstate(), "08P01");
        let mut fits = BytesMut::from(&b"p\x00\x00\x27\x10"[..]);
        assert!(cut(&mut fits, Stage::Login, &limits).unwrap().is_none());
        let mut over = BytesMut::from(&b"p\x00\x00\x27\x11"[..]);
        assert!(cut(&mut over, Stage::Login, &limits).is_err());
    }

    #[test]
    fn a_length_is_refused_as_soon_as_it_is_read() {
        let limits = MessageLimits { statement: 1000, parameters: 1000, copy_data: 1000 };
        for (tag, length) in [(b'Q', 0x3fff_ffff_u32), (b'd', 1005), (b'S', 10_001), (b'Q', 3), (b'Q', 0), (b'B', u32::MAX)] {
            let mut inbox = BytesMut::new();
            inbox.put_u8(tag);
            inbox.put_u32(length);
            assert!(cut(&mut inbox, Stage::Session, &limits).is_err(), "type {tag}, length {length}");
        }
    }

    #[test]
    fn messages_are_cut_one_by_one() {
        let mut inbox = message(b'Q', b"SELECT 1\0");
        inbox.extend_from_slice(&message(b'S', b"")[..3]);
        let limits = MessageLimits::default();
        let first = cut(&mut inbox, Stage::Session, &limits).unwrap().unwrap();
        match decode(first).unwrap() {
            PgWireFrontendMessage::Query(Query { query, .. }) => assert_eq!(query, "SELECT 1"),
            other => panic!("{other:?}"),
        }
        assert!(cut(&mut inbox, Stage::Session, &limits).unwrap().is_none());
        assert_eq!(inbox.len(), 3);
    }

    #[test]
    fn a_string_must_end_inside_its_message() {
        // Without the cut, the text would run on into the next message.
        assert_eq!(sqlstate(b'Q', b"SELECT 1"), "08P01");
        assert_eq!(sqlstate(b'Q', b"SELECT 1\0; DROP TABLE t\0"), "08P01");
        assert_eq!(sqlstate(b'D', b"Sname"), "08P01");
    }

    #[test]
    fn text_must_be_utf8() {
        assert_eq!(sqlstate(b'Q', b"SELECT '\xff'\0"), "22021");
        assert_eq!(sqlstate(b'P', b"\xc3\0SELECT 1\0\0\0"), "22021");
    }

    #[test]
    fn counts_must_fit() {
        assert_eq!(sqlstate(b'P', b"\0SELECT 1\0\xff\xff"), "08P01");
        assert_eq!(sqlstate(b'B', b"\0\0\0\0\0\x01\x7f\xff\xff\xff\0\0"), "08P01");
        assert_eq!(sqlstate(b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0"), "08P01");
        assert_eq!(sqlstate(b'E', b"\0\0\0"), "08P01");
        assert_eq!(sqlstate(b'C', b"X\0"), "08P01");
        assert_eq!(sqlstate(b'S', b"\0"), "08P01");
        assert_eq!(sqlstate(b'F', b""), "0A000");
    }

    #[test]
    fn well_formed_extended_messages_pass() {
        match decode(message(b'P', b"s\0SELECT $1\0\0\x01\0\0\0\x17")).unwrap() {
            PgWireFrontendMessage::Parse(Parse { name, query, type_oids, .. }) => {
                assert_eq!((name.as_deref(), query.as_str(), type_oids.as_slice()), (Some("s"), "SELECT $1", &[23][..]));
            }
            other => panic!("{other:?}"),
        }
        match decode(message(b'B', b"\0s\0\0\x01\0\x01\0\x02\0\0\0\x02ab\xff\xff\xff\xff\0\0")).unwrap() {
            PgWireFrontendMessage::Bind(Bind { portal_name, parameters, parameter_format_codes, .. }) => {
                assert_eq!(portal_name, None);
                assert_eq!(parameter_format_codes, vec![1]);
                assert_eq!(parameters[0].as_deref(), Some(&b"ab"[..]));
                assert_eq!(parameters[1], None);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn startup_parameters_are_pairs_closed_by_an_empty_name() {
        assert!(walk_startup(b"user\0bob\0\0").is_ok());
        assert!(walk_startup(b"\0").is_ok());
        assert!(walk_startup(b"user\0bob\0").is_err());
        assert!(walk_startup(b"user\0bob").is_err());
        assert!(walk_startup(b"user\0bob\0\0x").is_err());
        assert_eq!(walk_startup(b"user\0\xff\0\0").unwrap_err().sqlstate(), "22021");
    }

    /// Bytes that look random but are the same in every run.
    struct Noise(u64);

    impl Noise {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }
    }

    #[test]
    fn no_bytes_make_the_decoder_panic() {
        let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
        let limits = MessageLimits { statement: 64, parameters: 64, copy_data: 64 };
        let tags = b"QPBDCEHSXdcfF";
        let mut decoded = 0;
        for _ in 0..200_000 {
            let tag = tags[usize::try_from(noise.next() % 13).unwrap()];
            let length = usize::try_from(noise.next() % 24).unwrap();
            // Mostly zeros and small numbers, because they are what layouts are made of.
            let body: Vec<u8> = (0..length)
                .map(|_| match noise.next() % 4 {
                    0 => 0,
                    1 => u8::try_from(noise.next() % 4).unwrap(),
                    2 => b'a',
                    _ => u8::try_from(noise.next() % 256).unwrap(),
                })
                .collect();
            let mut inbox = message(tag, &body);
            let frame = cut(&mut inbox, Stage::Session, &limits).unwrap().unwrap();
            decoded += usize::from(decode(frame).is_ok());
            let _ = walk_startup(&body);
            let _ = walk_sasl_initial(&body);
        }
        assert!(decoded > 1000, "the noise must also reach the library's decoder, {decoded} messages did");
    }
}
