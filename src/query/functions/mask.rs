//! What masking policies show: `mask_all`, `mask_keep`, `mask_email`, and the keyed `mask_hash`.
//!
//! None can fail, and none tells the length of what it hides.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use aws_lc_rs::hmac;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::scalar::{Argument, Arguments, Definition, immutable, int};
use crate::catalog::Oid;
use crate::value::SqlType;

/// What is shown instead of letters.
const HIDDEN: &str = "***";

/// Bytes of a pseudonym: two texts share one by chance in 2^64 pairs.
const PSEUDONYM_BYTES: usize = 8;

pub(super) static DEFINITIONS: [Definition; 3] = [
    immutable("mask_all", one_text, |given| each(given, |_, out| out.push_str(HIDDEN))),
    immutable(
        "mask_keep",
        |types| match types {
            [text, count] if text.is_text() && count.is_integer() => Some(SqlType::Text),
            _ => None,
        },
        keep,
    ),
    immutable("mask_email", one_text, |given| each(given, email)),
];

/// The number of arguments of a masking function that takes what is masked first.
pub(in crate::query) fn arguments(name: &str) -> Option<usize> {
    match name {
        "mask_all" | "mask_email" | "mask_hash" => Some(1),
        "mask_keep" => Some(2),
        _ => None,
    }
}

fn one_text(types: &[Argument]) -> Option<SqlType> {
    matches!(types, [only] if only.is_text()).then_some(SqlType::Text)
}

/// A text for each that is not NULL.
fn each(given: &Arguments, mut show: impl FnMut(&str, &mut String)) -> crate::error::Result<ArrayRef> {
    let texts = given.texts(0)?;
    Ok(shown(&texts, |_, text, out| show(text, out)))
}

fn shown(texts: &StringViewArray, mut show: impl FnMut(usize, &str, &mut String)) -> ArrayRef {
    let mut builder = StringViewBuilder::with_capacity(texts.len());
    let mut out = String::new();
    for (row, text) in texts.iter().enumerate() {
        out.clear();
        match text {
            Some(text) => {
                show(row, text, &mut out);
                builder.append_value(&out);
            }
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

/// `mask_keep(text, n)`: the last n letters, and never more than half of them.
fn keep(given: &Arguments) -> crate::error::Result<ArrayRef> {
    let (texts, counts) = (given.texts(0)?, given.ints(1)?);
    Ok(shown(&texts, |row, text, out| {
        let letters = text.chars().count();
        let wanted = int(&counts, row).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        let kept = wanted.min(letters / 2);
        out.push_str(HIDDEN);
        out.extend(text.chars().skip(letters - kept));
    }))
}

/// `mask_email(text)`: the first letter and the domain; what is no address is hidden.
fn email(text: &str, out: &mut String) {
    match text.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && domain.contains('.') => {
            out.extend(local.chars().next());
            out.push_str(HIDDEN);
            out.push('@');
            out.push_str(domain);
        }
        _ => out.push_str(HIDDEN),
    }
}

/// A store's secret, from which all its pseudonyms are made. Whoever knows it can find out whose one is by trying.
#[derive(Clone, Copy)]
pub struct PseudonymSecret(pub [u8; 32]);

impl fmt::Debug for PseudonymSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymSecret")
    }
}

/// What a role's pseudonyms are made with. Another role's are others, so that nobody learns from a colleague's.
pub(in crate::query) struct PseudonymKey(hmac::Key);

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey")
    }
}

impl PseudonymKey {
    /// The key for readers that a masking policy is about by this role.
    pub(in crate::query) fn of(secret: PseudonymSecret, role: Oid) -> PseudonymKey {
        let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret.0), &role.to_be_bytes());
        PseudonymKey(hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()))
    }
}

/// `mask_hash(text)`, which there is inside of masking policies only: whoever could call it could find a name by trying.
pub(super) fn hash(name: &str, key: Option<&Arc<PseudonymKey>>) -> Option<Arc<ScalarUDF>> {
    let key = key.filter(|_| name == "mask_hash")?.clone();
    Some(Arc::new(ScalarUDF::new_from_impl(Pseudonym { key, signature: Signature::any(1, Volatility::Immutable) })))
}

#[derive(Debug)]
struct Pseudonym {
    key: Arc<PseudonymKey>,
    signature: Signature,
}

impl PartialEq for Pseudonym {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.key, &other.key)
    }
}

impl Eq for Pseudonym {}

impl Hash for Pseudonym {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.key).hash(state);
    }
}

impl ScalarUDFImpl for Pseudonym {
    fn name(&self) -> &str {
        "mask_hash"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(SqlType::Text.arrow())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(SqlType::Text.field("mask_hash", true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let Some(given) = args.args.into_iter().next() else {
            return datafusion::common::internal_err!("mask_hash lacks its argument");
        };
        let texts = cast(&given.into_array(rows)?, &DataType::Utf8View)?;
        let pseudonyms = shown(texts.as_string_view(), |_, text, out| {
            let signed = hmac::sign(&self.key.0, text.as_bytes());
            for byte in &signed.as_ref()[..PSEUDONYM_BYTES] {
                out.push_str(&format!("{byte:02x}"));
            }
        });
        Ok(ColumnarValue::Array(pseudonyms))
    }
}
