//! The SQL/JSON path language (PostgreSQL 15, section 9.16.2): a path as a tree, read from text and written in its canonical form.
//!
//! Words: a *chain* is a primary, such as `$` or a literal, followed by *accessors*, each applied to what the step before found. A path
//! is one chain and a mode. What a path finds in a document is the affair of `query::functions::json`.

mod lexer;
mod parser;
mod print;
mod regex;

pub(crate) use parser::parse;
pub(crate) use regex::Expression;

/// The deepest nesting of parentheses, filters and operators: reading and running both recurse.
pub(crate) const DEPTH_MAX: usize = 200;

/// A path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    /// Whether structural errors are forgiven and arrays are unwrapped.
    pub(crate) lax: bool,
    pub(crate) chain: Chain,
}

/// A primary and its accessors; never empty.
pub(crate) type Chain = Vec<Step>;

/// One step of a chain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Null,
    Bool(bool),
    /// A number in `numeric`'s text form.
    Number(String),
    String(String),
    Variable(String),
    /// `$`.
    Root,
    /// `@`.
    Current,
    /// `last`.
    Last,
    Compare(Comparison, Box<(Chain, Chain)>),
    And(Box<(Chain, Chain)>),
    Or(Box<(Chain, Chain)>),
    Not(Chain),
    IsUnknown(Chain),
    Exists(Chain),
    StartsWith(Box<(Chain, Chain)>),
    LikeRegex {
        text: Chain,
        expression: Box<Expression>,
    },
    Arithmetic(Arithmetic, Box<(Chain, Chain)>),
    Negate(Chain),
    Affirm(Chain),
    /// `.key`.
    Key(String),
    /// `.*`.
    AnyKey,
    /// `[*]`.
    AnyElement,
    /// `[1, 3 to last]`.
    Elements(Vec<(Chain, Option<Chain>)>),
    /// `.**{first to last}`; [`LAST_LEVEL`] is `last`.
    AnyLevel {
        first: u32,
        last: u32,
    },
    /// `?(predicate)`.
    Filter(Chain),
    Method(Method),
    /// `.datetime("template")`.
    Datetime(Option<String>),
}

/// The level that `last` means.
pub(crate) const LAST_LEVEL: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Abs,
    Size,
    Type,
    Floor,
    Double,
    Ceiling,
    KeyValue,
}

/// The flags of `like_regex`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RegexFlags {
    /// `i`: case is ignored.
    pub(crate) ignore_case: bool,
    /// `s`: the dot matches a newline.
    pub(crate) dot_all: bool,
    /// `m`: `^` and `$` match at lines.
    pub(crate) multiline: bool,
    /// `x`: blanks in the pattern say nothing, which only a plain text's pattern may say.
    pub(crate) expanded: bool,
    /// `q`: the pattern is plain text.
    pub(crate) quote: bool,
}

impl Comparison {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::Greater => ">",
            Comparison::LessOrEqual => "<=",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

impl Arithmetic {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Modulo => "%",
        }
    }
}

impl Method {
    /// The name before its parentheses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Method::Abs => "abs",
            Method::Size => "size",
            Method::Type => "type",
            Method::Floor => "floor",
            Method::Double => "double",
            Method::Ceiling => "ceiling",
            Method::KeyValue => "keyvalue",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_in_postgresqls_form() {
        for (text, canonical) in [
            ("$", "$"),
            ("strict $.a", "strict $.\"a\""),
            ("lax $.a.\"b c\"[*]", "$.\"a\".\"b c\"[*]"),
            ("$.a[1, 3 to last].**{2 to 3}.*", "$.\"a\"[1,3 to last].**{2 to 3}.*"),
            ("$.**{last}.a.**", "$.**{last}.\"a\".**"),
            ("$ ? (@.a > 1 && !(@.b == \"x\") || exists(@.c))", "$?(@.\"a\" > 1 && !(@.\"b\" == \"x\") || exists (@.\"c\"))"),
            ("($.a + 1) * 2", "(($.\"a\" + 1) * 2)"),
            ("$.a + 1 * -2", "($.\"a\" + 1 * -2)"),
            ("-$.a.b", "(-$.\"a\".\"b\")"),
            ("$a.b", "$\"a\".\"b\""),
            ("(1).type()", "(1).type()"),
            ("$.a like_regex \"^x\" flag \"si\"", "($.\"a\" like_regex \"^x\" flag \"is\")"),
            ("($.a > 1) is unknown", "($.\"a\" > 1) is unknown"),
            ("$.datetime(\"yyyy\").type()", "$.datetime(\"yyyy\").type()"),
            ("$.a starts with $b", "($.\"a\" starts with $\"b\")"),
            ("1.50e1", "15.0"),
        ] {
            let path = parse(text).unwrap();
            assert_eq!(path.to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["$.", "$[", "a", "@", "last", "$ ? (@.a)", "$.a like_regex \"(\" flag \"z\"", "1a", "$ $", "$.**{a}"] {
            assert_eq!(parse(text).unwrap_err().sqlstate(), "42601", "{text}");
        }
        assert_eq!(parse("").unwrap_err().sqlstate(), "22P02");
        assert_eq!(parse("$.a like_regex \"a\" flag \"x\"").unwrap_err().sqlstate(), "0A000");
        let deep = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
        assert_eq!(parse(&deep).unwrap_err().sqlstate(), "54001");
    }
}
