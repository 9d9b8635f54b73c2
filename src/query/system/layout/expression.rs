//! Expressions as PostgreSQL's printer writes them: which parentheses it leaves out (`isSimpleNode`), and what literals beside a column
//! become.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value,
};

use super::Layout;
use crate::catalog::quote_identifier;
use crate::query::plan::{names, types};
use crate::value::{ColumnBuilder, Formatter, SqlType, Style};

/// Functions whose string arguments are text.
const OF_TEXT: [&str; 12] =
    ["btrim", "concat", "date_part", "date_trunc", "left", "lower", "replace", "right", "split_part", "strpos", "to_char", "upper"];

/// What stands around an expression, as far as its parentheses depend on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    /// Nothing, or what has separators of its own.
    Nothing,
    And,
    Or,
    Not,
    /// An operator of this symbol, and whether the expression is its left side.
    Operator(&'static str, bool),
    /// A test or a cast.
    Test,
}

/// Whether an expression is a function's call.
pub(super) fn is_call(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(_))
}

impl Layout<'_> {
    /// An expression that stands alone.
    pub(super) fn text(&self, expr: &Expr) -> Option<String> {
        self.within(expr, Around::Nothing)
    }

    /// A condition that stands alone.
    pub(super) fn whole(&self, expr: &Expr) -> Option<String> {
        self.within(expr, Around::Nothing)
    }

    fn within(&self, expr: &Expr, around: Around) -> Option<String> {
        let expr = bare(expr);
        if let Some((source, name, _)) = self.column(expr) {
            return Some(format!("{}.{}", quote_identifier(&source.known_as), quote_identifier(&name)));
        }
        let (text, simple) = match expr {
            Expr::Value(value) => return self.literal(&value.value, None),
            Expr::Interval(_) => return literal_of(expr, &SqlType::Interval),
            Expr::TypedString(typed) => return literal_of(expr, &types::of_sql(&typed.data_type).ok()?),
            Expr::Function(function) => return self.call(function),
            Expr::Extract { field, expr, .. } => {
                return Some(format!("EXTRACT({} FROM {})", field.to_string().to_lowercase(), self.text(expr)?));
            }
            Expr::Cast { expr: inner, data_type, .. } => {
                let target = types::of_sql(data_type).ok()?;
                if let Some(text) = literal_of(inner, &target) {
                    return Some(text);
                }
                if matches!(bare(inner), Expr::Value(_)) {
                    return None;
                }
                let inner = self.within(inner, Around::Test)?;
                let inner = if self.pretty { inner } else { format!("({inner})") };
                return Some(format!("{inner}::{target}"));
            }
            Expr::IsNull(inner) => (format!("{} IS NULL", self.within(inner, Around::Test)?), self.is_simple(around)),
            Expr::IsNotNull(inner) => (format!("{} IS NOT NULL", self.within(inner, Around::Test)?), self.is_simple(around)),
            Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => {
                let simple = matches!(around, Around::Nothing | Around::And | Around::Or);
                (format!("NOT {}", self.within(inner, Around::Not)?), simple)
            }
            Expr::BinaryOp { left, op: op @ (BinaryOperator::And | BinaryOperator::Or), right } => {
                let and = *op == BinaryOperator::And;
                let own = if and { Around::And } else { Around::Or };
                let simple = match around {
                    Around::Nothing | Around::Or => true,
                    Around::And => and,
                    Around::Not | Around::Operator(..) | Around::Test => false,
                };
                let mut sides = Vec::new();
                for side in [left, right] {
                    chained(side, op, &mut sides);
                }
                let sides = sides.into_iter().map(|side| self.within(side, own)).collect::<Option<Vec<_>>>()?;
                (sides.join(if and { " AND " } else { " OR " }), simple)
            }
            Expr::Between { expr, negated, low, high } => {
                let (from, to, between) = if *negated { ("<", ">", " OR ") } else { (">=", "<=", " AND ") };
                let (low, high) = (self.operation(expr, from, low)?, self.operation(expr, to, high)?);
                let simple = around == Around::Nothing || around == Around::Or || around == Around::And && !negated;
                (format!("{}{between}{}", self.closed(low), self.closed(high)), simple)
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char: None } => {
                (self.operation(expr, if *negated { "!~~" } else { "~~" }, pattern)?, self.is_simple(around))
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                (self.operation(expr, if *negated { "!~~*" } else { "~~*" }, pattern)?, self.is_simple(around))
            }
            Expr::InList { expr, list, negated } => {
                let (_, _, sql_type) = self.column(expr)?;
                let held = if let SqlType::Varchar(_) = sql_type { SqlType::Text } else { sql_type.clone() };
                let element = |element: &Expr| match bare(element) {
                    Expr::Value(value) => self.literal(&value.value, Some(&held)),
                    _ => None,
                };
                let elements = list.iter().map(element).collect::<Option<Vec<_>>>()?;
                let column = self.beside(expr, sql_type)?;
                let (operator, quantifier) = if *negated { ("<>", "ALL") } else { ("=", "ANY") };
                let array = format!("ARRAY[{}]", elements.join(", "));
                let array = if let SqlType::Varchar(_) = sql_type { return None } else { array };
                (format!("{column} {operator} {quantifier} ({array})"), around == Around::Nothing)
            }
            Expr::BinaryOp { left, op, right } => {
                let symbol = symbol(op)?;
                let simple = match around {
                    Around::Operator(outer, left) => binds_within(symbol, outer, left),
                    other => self.is_simple(other),
                };
                (self.operation(left, symbol, right)?, simple)
            }
            _ => return None,
        };
        Some(if self.pretty && simple { text } else { format!("({text})") })
    }

    /// Whether an operation or a test needs no parentheses in pretty text.
    fn is_simple(&self, around: Around) -> bool {
        matches!(around, Around::Nothing | Around::And | Around::Or | Around::Not)
    }

    /// One side of what is printed as two operations.
    fn closed(&self, operation: String) -> String {
        if self.pretty { operation } else { format!("({operation})") }
    }

    /// `left symbol right` without parentheses around; a literal takes the type of the column beside it.
    fn operation(&self, left: &Expr, symbol: &'static str, right: &Expr) -> Option<String> {
        let side = |own: &Expr, other: &Expr, is_left: bool| {
            let is_key = matches!(symbol, "->" | "->>" | "#>" | "#>>");
            if let Expr::Value(value) = bare(own) {
                let like = if is_key || symbol == "||" { None } else { self.type_of(other) };
                return self.literal(&value.value, like.as_ref());
            }
            if let Some((_, _, sql_type)) = self.column(own) {
                return self.beside(own, sql_type);
            }
            self.within(own, Around::Operator(symbol, is_left))
        };
        Some(format!("{} {symbol} {}", side(left, right, true)?, side(right, left, false)?))
    }

    /// A column beside a literal: strings of a length are compared as text.
    fn beside(&self, column: &Expr, sql_type: &SqlType) -> Option<String> {
        let text = self.within(column, Around::Test)?;
        Some(match sql_type {
            SqlType::Varchar(_) if self.pretty => format!("{text}::text"),
            SqlType::Varchar(_) => format!("({text})::text"),
            _ => text,
        })
    }

    /// The type of a column, a cast or a few operations; `None` where it is not known.
    fn type_of(&self, expr: &Expr) -> Option<SqlType> {
        match bare(expr) {
            Expr::Cast { data_type, .. } => types::of_sql(data_type).ok(),
            Expr::BinaryOp { op: BinaryOperator::LongArrow | BinaryOperator::HashLongArrow, .. } => Some(SqlType::Text),
            Expr::BinaryOp { left, op, right } if rank(symbol(op)?).is_some() => {
                let numeric = |side: &SqlType| matches!(side, SqlType::Numeric(_, _) | SqlType::Float8);
                [self.type_of(left), self.type_of(right)].into_iter().flatten().find(numeric)
            }
            Expr::Function(function) => match names::parts(&function.name).ok()?.pop()?.as_str() {
                "lower" | "upper" | "split_part" | "to_char" | "left" | "right" => Some(SqlType::Text),
                "count" => Some(SqlType::Int8),
                _ => None,
            },
            other => self.column(other).map(|(_, _, sql_type)| match sql_type {
                SqlType::Varchar(_) => SqlType::Text,
                other => other.clone(),
            }),
        }
    }

    fn call(&self, function: &Function) -> Option<String> {
        let name = names::parts(&function.name).ok()?.pop()?;
        let plain = function.over.is_none() && function.within_group.is_empty() && function.null_treatment.is_none();
        if !plain {
            return None;
        }
        let filter = match &function.filter {
            None => String::new(),
            Some(condition) => format!(" FILTER (WHERE {})", self.whole(condition)?),
        };
        let list = match &function.args {
            FunctionArguments::None => return Some(name.to_uppercase()),
            FunctionArguments::Subquery(_) => return None,
            FunctionArguments::List(list) if list.clauses.is_empty() => list,
            FunctionArguments::List(_) => return None,
        };
        let distinct = match list.duplicate_treatment {
            Some(datafusion::sql::sqlparser::ast::DuplicateTreatment::Distinct) => "DISTINCT ",
            Some(_) | None => "",
        };
        let choice = matches!(name.as_str(), "coalesce" | "greatest" | "least" | "nullif");
        let own_type = |arg: &FunctionArg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => match self.column(expr)?.2 {
                SqlType::Varchar(_) => Some(SqlType::Varchar(None)),
                other => Some(other.clone()),
            },
            _ => None,
        };
        let argument = |arg: &FunctionArg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => Some("*".to_owned()),
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => match bare(expr) {
                Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)) => {
                    let like = if choice { list.args.iter().find_map(own_type)? } else { SqlType::Text };
                    (choice || OF_TEXT.contains(&name.as_str())).then(|| self.literal(&value.value, Some(&like)))?
                }
                _ => self.text(expr),
            },
            _ => None,
        };
        let args = list.args.iter().map(argument).collect::<Option<Vec<_>>>()?.join(", ");
        let shown = match name.as_str() {
            _ if choice => name.to_uppercase(),
            "left" | "right" => format!("\"{name}\""),
            _ => quote_identifier(&name),
        };
        Some(format!("{shown}({distinct}{args}){filter}"))
    }

    /// A literal as it is printed beside a value of a type.
    fn literal(&self, value: &Value, like: Option<&SqlType>) -> Option<String> {
        let cast = |number: &str, name: &str| if self.pretty { format!("{number}::{name}") } else { format!("({number})::{name}") };
        match value {
            Value::SingleQuotedString(text) => quoted(text, like.unwrap_or(&SqlType::Text)),
            Value::Number(number, _) => Some(match like {
                Some(SqlType::Numeric(_, _)) if !number.contains(['.', 'e', 'E']) => cast(number, "numeric"),
                Some(SqlType::Float8 | SqlType::Float4) => cast(number, "double precision"),
                _ => number.clone(),
            }),
            Value::Boolean(value) => Some(value.to_string()),
            _ => None,
        }
    }
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

/// The sides of a chain of ANDs or ORs that is written without parentheses.
fn chained<'a>(expr: &'a Expr, op: &BinaryOperator, sides: &mut Vec<&'a Expr>) {
    match bare(expr) {
        Expr::BinaryOp { left, op: own, right } if own == op => {
            chained(left, op, sides);
            chained(right, op, sides);
        }
        other => sides.push(other),
    }
}

/// Operators whose printed form is their symbol.
fn symbol(op: &BinaryOperator) -> Option<&'static str> {
    Some(match op {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        BinaryOperator::StringConcat => "||",
        BinaryOperator::AtArrow => "@>",
        BinaryOperator::ArrowAt => "<@",
        BinaryOperator::Arrow => "->",
        BinaryOperator::LongArrow => "->>",
        BinaryOperator::HashArrow => "#>",
        BinaryOperator::HashLongArrow => "#>>",
        BinaryOperator::PGRegexMatch => "~",
        BinaryOperator::PGRegexIMatch => "~*",
        BinaryOperator::PGRegexNotMatch => "!~",
        BinaryOperator::PGRegexNotIMatch => "!~*",
        _ => return None,
    })
}

/// How strongly one of the four basic operations binds.
fn rank(symbol: &str) -> Option<u8> {
    match symbol {
        "+" | "-" => Some(1),
        "*" | "/" | "%" => Some(2),
        _ => None,
    }
}

/// Whether an operation needs no parentheses as a side of another: the four basic operations bind as everybody knows.
fn binds_within(own: &str, outer: &str, left: bool) -> bool {
    match (rank(own), rank(outer)) {
        (Some(own), Some(outer)) => own > outer || own == outer && left,
        _ => false,
    }
}

/// A string cast to a type, or an interval, as a constant of it.
fn literal_of(expr: &Expr, target: &SqlType) -> Option<String> {
    let text = match bare(expr) {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text.clone(),
            _ => return None,
        },
        Expr::TypedString(typed) => match &typed.value.value {
            Value::SingleQuotedString(text) => text.clone(),
            _ => return None,
        },
        Expr::Interval(interval) => match bare(&interval.value) {
            Expr::Value(value) => match (&value.value, &interval.leading_field) {
                (Value::SingleQuotedString(text), None) => text.clone(),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    };
    quoted(&text, target)
}

/// A constant of a type: its value written as the type's output function does.
fn quoted(text: &str, sql_type: &SqlType) -> Option<String> {
    match sql_type {
        SqlType::Int4 if text.bytes().all(|byte| byte.is_ascii_digit()) => return Some(text.to_owned()),
        SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Numeric(_, _) | SqlType::Float4 | SqlType::Float8 => return None,
        _ => {}
    }
    let style = Style::default();
    let mut column = ColumnBuilder::new(sql_type, 1);
    column.append_text(text, &style).ok()?;
    let array = column.finish();
    let mut written = Vec::new();
    Formatter::new(&array, sql_type, &style).ok()?.write_text(0, &mut written);
    let written = String::from_utf8(written).ok()?.replace('\'', "''");
    let written = if written.contains('\\') { format!("E'{}'", written.replace('\\', "\\\\")) } else { format!("'{written}'") };
    Some(format!("{written}::{sql_type}"))
}
