//! What a path walks over: values of a document, and moments that `.datetime()` has read.

use std::sync::Arc;

use super::moment::Moment;
use crate::value::decimal::Decimal;
use crate::value::json::scan::{Shape, elements, members};
use crate::value::json::string::{unescape, write_string};

/// A value inside a canonical document.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The whole document.
    pub(super) source: Arc<str>,
    start: usize,
    end: usize,
}

impl Part {
    pub(super) fn whole(text: &str) -> Part {
        Part { source: Arc::from(text), start: 0, end: text.len() }
    }

    pub(super) fn text(&self) -> &str {
        self.source.get(self.start..self.end).unwrap_or_default()
    }

    /// Where it stands in its document.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// A text cut from this one.
    fn cut(&self, inner: &str) -> Part {
        let start = inner.as_ptr().addr() - self.source.as_ptr().addr();
        Part { source: self.source.clone(), start, end: start + inner.len() }
    }

    pub(super) fn shape(&self) -> Shape {
        Shape::of(self.text())
    }

    pub(super) fn elements(&self) -> Vec<Part> {
        elements(self.text()).map(|element| self.cut(element)).collect()
    }

    /// The members of an object: each key as written, and the value.
    pub(super) fn members(&self) -> Vec<(&str, Part)> {
        members(self.text()).map(|(key, value)| (key, self.cut(value))).collect()
    }

    pub(super) fn member(&self, key: &str) -> Option<Part> {
        crate::value::json::path::member(self.text(), key).map(|value| self.cut(value))
    }

    /// What stands inside an array or object.
    pub(super) fn children(&self) -> Vec<Part> {
        match self.shape() {
            Shape::Array => self.elements(),
            Shape::Object => self.members().into_iter().map(|(_, value)| value).collect(),
            Shape::String | Shape::Number | Shape::Bool | Shape::Null => vec![],
        }
    }
}

/// One item of a sequence.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Json(Part),
    Moment(Moment),
}

impl Item {
    pub(super) fn of(text: &str) -> Item {
        Item::Json(Part::whole(text))
    }

    pub(super) fn string(text: &str) -> Item {
        let mut quoted = String::with_capacity(text.len() + 2);
        write_string(text, &mut quoted);
        Item::of(&quoted)
    }

    pub(super) fn number(number: &Decimal) -> Item {
        Item::of(&number.to_string())
    }

    /// The item as JSON text.
    pub(super) fn json(&self) -> String {
        match self {
            Item::Json(part) => part.text().to_owned(),
            Item::Moment(moment) => {
                let mut quoted = String::new();
                write_string(&moment.to_string(), &mut quoted);
                quoted
            }
        }
    }

    pub(super) fn as_number(&self) -> Option<Decimal> {
        match self {
            Item::Json(part) if part.shape() == Shape::Number => Decimal::parse(part.text()),
            Item::Json(_) | Item::Moment(_) => None,
        }
    }

    pub(super) fn as_string(&self) -> Option<String> {
        match self {
            Item::Json(part) if part.shape() == Shape::String => {
                let mut plain = String::with_capacity(part.text().len());
                unescape(part.text(), &mut plain);
                Some(plain)
            }
            Item::Json(_) | Item::Moment(_) => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<Vec<Part>> {
        match self {
            Item::Json(part) if part.shape() == Shape::Array => Some(part.elements()),
            Item::Json(_) | Item::Moment(_) => None,
        }
    }

    pub(super) fn as_object(&self) -> Option<&Part> {
        match self {
            Item::Json(part) if part.shape() == Shape::Object => Some(part),
            Item::Json(_) | Item::Moment(_) => None,
        }
    }

    /// As `.type()` names it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Item::Json(part) => part.shape().name(),
            Item::Moment(moment) => moment.type_name(),
        }
    }
}
