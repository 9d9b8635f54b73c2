//! Conditions on texts become what an index of words is asked. What is asked is less than the condition, which is asked again above.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{BinaryExpr, CastExpr, Column, LikeExpr, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use super::paths;
use crate::store::spec::TableSpec;
use crate::value::SqlType;
use crate::value::words::{MATCH, Query, SEARCH, TextProbe, searched};

/// A column of text and what one of its values must hold for a condition to be true; `None` if an index of it cannot help.
pub(super) fn probe(condition: &Arc<dyn PhysicalExpr>, spec: &TableSpec) -> Option<(String, TextProbe)> {
    let asked = asked(condition, spec)?;
    (asked.1 != TextProbe::ANYTHING).then_some(asked)
}

fn asked(condition: &Arc<dyn PhysicalExpr>, spec: &TableSpec) -> Option<(String, TextProbe)> {
    if let Some(like) = condition.downcast_ref::<LikeExpr>() {
        let source = source(like.expr(), spec).filter(|source| !like.negated() && !source.padded)?;
        return Some((source.column, TextProbe::of_like(&text(like.pattern())?, source.document)));
    }
    if let Some(binary) = condition.downcast_ref::<BinaryExpr>() {
        return match binary.op() {
            Operator::Or => {
                let ((column, left), (other, right)) = (asked(binary.left(), spec)?, asked(binary.right(), spec)?);
                (column == other).then(|| (column, TextProbe::Any(vec![left, right])))
            }
            // A text that is taken out of a document stands in that one's. Numbers are equal that are written in other ways.
            Operator::Eq => {
                let (value, constant) = match text(binary.right()) {
                    Some(constant) => (binary.left(), constant),
                    None => (binary.right(), text(binary.left())?),
                };
                let taken = value.downcast_ref::<ScalarFunctionExpr>().is_some_and(|call| ["->>", "#>>"].contains(&call.name()));
                let source = source(value, spec).filter(|_| taken)?;
                Some((source.column, inside(&constant)))
            }
            _ => None,
        };
    }
    let call = condition.downcast_ref::<ScalarFunctionExpr>()?;
    let [value, query] = call.args() else { return None };
    let (source, query) = (source(value, spec)?, text(query)?);
    let probe = match call.name() {
        SEARCH => TextProbe::of_search(&searched(&query).ok()?),
        MATCH => TextProbe::of_query(&Query::parse(&query).ok()?),
        _ => return None,
    };
    Some((source.column, if source.written { as_characters(probe) } else { probe }))
}

/// Where a text comes from.
struct Source {
    /// The column's name in the store.
    column: String,
    /// Whether the column holds documents.
    document: bool,
    /// Whether blanks at its end may be others in a comparison than in the store.
    padded: bool,
    /// Whether the text is one as it is written, or a part of it is: among the words are keys and escapes that the index does not know.
    written: bool,
}

fn source(value: &Arc<dyn PhysicalExpr>, spec: &TableSpec) -> Option<Source> {
    if let Some(column) = value.downcast_ref::<Column>() {
        let known = spec.columns.iter().find(|known| known.field.name() == column.name())?;
        let sql_type = SqlType::of_field(&known.field);
        let document = matches!(sql_type, SqlType::Json | SqlType::Jsonb);
        let padded = matches!(sql_type, SqlType::Bpchar(_));
        return Some(Source { column: column.name().to_owned(), document, padded, written: false });
    }
    if let Some(cast) = value.downcast_ref::<CastExpr>() {
        return source(cast.expr(), spec).map(|source| Source { written: source.document, ..source });
    }
    let call = value.downcast_ref::<ScalarFunctionExpr>()?;
    let [document, way] = call.args() else { return None };
    let taken = ["->", "->>", "#>", "#>>"].contains(&call.name());
    let source = source(document, spec).filter(|source| taken && source.document)?;
    // A way without steps leads nowhere but to the whole.
    let steps = way.downcast_ref::<Literal>().and_then(|way| paths::steps_of(call.name(), way.value()));
    let whole = call.name().starts_with('#') && steps.is_none_or(|steps| steps.is_empty());
    Some(Source { written: source.written || whole, ..source })
}

fn text(constant: &Arc<dyn PhysicalExpr>) -> Option<String> {
    match constant.downcast_ref::<Literal>()?.value() {
        ScalarValue::Utf8View(text) | ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) => text.clone(),
        _ => None,
    }
}

/// What stands in a row in a document's text if it does so in a value of it: all but what a document writes as escapes.
fn inside(characters: &str) -> TextProbe {
    let escaped = |letter: char| letter.is_control() || matches!(letter, '"' | '\\' | '/');
    let runs = characters.split(escaped).filter(|run| !run.is_empty());
    TextProbe::All(runs.map(|run| TextProbe::Inside(run.to_owned())).collect())
}

/// The same asked of characters alone.
fn as_characters(probe: TextProbe) -> TextProbe {
    match probe {
        TextProbe::All(parts) => TextProbe::All(parts.into_iter().map(as_characters).collect()),
        TextProbe::Any(parts) => TextProbe::Any(parts.into_iter().map(as_characters).collect()),
        TextProbe::Word(word) | TextProbe::Inside(word) => inside(&word),
    }
}
