//! `inet`: an IPv4 or IPv6 address with an optional width of its network, in PostgreSQL's canonical spelling and wire form.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::Result;
use crate::value::scalar::invalid;

/// Address families of the wire form (`PGSQL_AF_INET`, `PGSQL_AF_INET6`).
const FAMILY_V4: u8 = 2;
const FAMILY_V6: u8 = 3;

/// An address and the width of its network in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inet {
    address: IpAddr,
    bits: u8,
}

/// Reads an `inet`.
///
/// # Errors
/// 22P02 for what is no address.
pub(crate) fn inet(text: &str) -> Result<Inet> {
    read(text).ok_or_else(|| invalid("inet", text))
}

fn read(text: &str) -> Option<Inet> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address = if address.contains(':') { address.parse().ok().map(IpAddr::V6) } else { v4(address).map(IpAddr::V4) }?;
    let all = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        None => all,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
    };
    (bits <= all).then_some(Inet { address, bits })
}

/// Four numbers; unlike the standard library's reader this one takes leading zeros, as decimal.
fn v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

impl Inet {
    /// PostgreSQL's canonical spelling; the width is left out where it is the whole address.
    pub(crate) fn text(self) -> String {
        let mut text = match self.address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => v6_text(address),
        };
        if self.bits != if self.address.is_ipv4() { 32 } else { 128 } {
            // Writing to a string cannot fail.
            let _ = write!(text, "/{}", self.bits);
        }
        text
    }

    /// The wire form: family, bits, whether it is a `cidr`, length, address.
    pub(crate) fn write_binary(self, out: &mut Vec<u8>) {
        match self.address {
            IpAddr::V4(address) => {
                out.extend_from_slice(&[FAMILY_V4, self.bits, 0, 4]);
                out.extend_from_slice(&address.octets());
            }
            IpAddr::V6(address) => {
                out.extend_from_slice(&[FAMILY_V6, self.bits, 0, 16]);
                out.extend_from_slice(&address.octets());
            }
        }
    }

    /// Reads the wire form; `None` where it is malformed.
    pub(crate) fn of_binary(bytes: &[u8]) -> Option<Inet> {
        let [family, bits, _cidr, length, address @ ..] = bytes else { return None };
        if usize::from(*length) != address.len() {
            return None;
        }
        let (address, all) = match *family {
            FAMILY_V4 => (IpAddr::from(<[u8; 4]>::try_from(address).ok()?), 32),
            FAMILY_V6 => (IpAddr::from(<[u8; 16]>::try_from(address).ok()?), 128),
            _ => return None,
        };
        (*bits <= all).then_some(Inet { address, bits: *bits })
    }
}

/// PostgreSQL also writes the obsolete IPv4-compatible addresses with a dotted end.
fn v6_text(address: Ipv6Addr) -> String {
    let segments = address.segments();
    match segments {
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => match address.octets() {
            [.., a, b, c, d] => format!("::{a}.{b}.{c}.{d}"),
        },
        _ => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_and_their_canonical_form() {
        for (text, canonical) in [
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3/32", "10.1.2.3"),
            ("10.1.2.3/24", "10.1.2.3/24"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
            ("::1.2.3.4", "::1.2.3.4"),
            ("::", "::"),
            ("::1/64", "::1/64"),
            ("1:0:0:2::3", "1:0:0:2::3"),
        ] {
            let address = inet(text).unwrap();
            assert_eq!(address.text(), canonical);
            let mut wire = Vec::new();
            address.write_binary(&mut wire);
            assert_eq!(Inet::of_binary(&wire), Some(address));
        }
    }

    #[test]
    fn what_is_no_address() {
        for text in ["", "10.1", "10.1.2.256", "10.1.2.3/33", "::1/129", "10.1.2.3/", "1::2::3", "host"] {
            let error = inet(text).unwrap_err();
            assert_eq!(
                (error.sqlstate(), error.message()),
                ("22P02", format!("invalid input syntax for type inet: \"{text}\"").as_str())
            );
        }
        assert_eq!(Inet::of_binary(&[2, 33, 0, 4, 1, 2, 3, 4]), None);
        assert_eq!(Inet::of_binary(&[2, 32, 0, 5, 1, 2, 3, 4]), None);
    }
}
