//! Names of indexes and of their keys where the statement gives none, made as PostgreSQL makes them (`indexcmds.c`).

use datafusion::sql::sqlparser::ast::Expr;

use crate::query::parse::{KeyPart, KeyTarget};

/// Bytes that a name may have.
const NAME_MAX: usize = 63;

/// What an index calls its keys: the column's name or the function's, with a number where that is another key's already.
pub(super) fn of_keys(parts: &[KeyPart]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        let own = match &part.of {
            KeyTarget::Column(name) => name.clone(),
            KeyTarget::Expression(expression) => of_expression(expression),
        };
        let numbered = |number: usize| {
            let digits = number.to_string();
            format!("{}{digits}", cut(&own, NAME_MAX - digits.len()))
        };
        let free = |name: &String| !names.contains(name);
        let name = std::iter::once(own.clone()).chain((1..).map(numbered)).find(free).unwrap_or_default();
        names.push(name);
    }
    names
}

fn of_expression(expression: &Expr) -> String {
    match expression {
        Expr::Identifier(column) => crate::query::plan::names::fold(column),
        Expr::Nested(inner) => of_expression(inner),
        Expr::Function(function) => {
            let parts = crate::query::plan::names::parts(&function.name).unwrap_or_default();
            parts.last().cloned().unwrap_or_default()
        }
        _ => "expr".to_owned(),
    }
}

/// `table_column_…_idx`, with a number behind it where that is taken.
pub(super) fn of_index(table: &str, keys: &[String], taken: impl Fn(&str) -> bool) -> String {
    let mut columns = String::new();
    for key in keys {
        if !columns.is_empty() {
            columns.push('_');
        }
        columns.push_str(key);
        if columns.len() > NAME_MAX {
            break;
        }
    }
    let labels = std::iter::once("idx".to_owned()).chain((1..).map(|number: usize| format!("idx{number}")));
    labels.map(|label| joined(table, &columns, &label)).find(|name| !taken(name)).unwrap_or_default()
}

/// Three parts as one name, for which the longer of the first two is cut.
fn joined(table: &str, columns: &str, label: &str) -> String {
    let room = NAME_MAX - label.len() - 2;
    let (mut first, mut second) = (table.len(), columns.len());
    while first + second > room {
        if first > second { first -= 1 } else { second -= 1 }
    }
    format!("{}_{}_{label}", cut(table, first), cut(columns, second))
}

/// As many whole characters as fit into so many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(table: &str, keys: &[&str], taken: &[&str]) -> String {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        of_index(table, &keys, |name| taken.contains(&name))
    }

    #[test]
    fn names_are_made_as_postgresql_makes_them() {
        assert_eq!(made("t", &["a"], &[]), "t_a_idx");
        assert_eq!(made("t", &["a"], &["t_a_idx", "t_a_idx1"]), "t_a_idx2");
        assert_eq!(made("t", &["C d", "b", "a"], &[]), "t_C d_b_a_idx");
        let table = "averyveryveryverylongnameofatablethatgoesonandon_é_andonandon";
        let keys = ["alongcolumnnamethatisalsolong", "anotherlongcolumnname_é"];
        let name = "averyveryveryverylongnameofat_alongcolumnnamethatisalsolong_idx";
        assert_eq!(made(table, &keys, &[]), name);
        assert_eq!(made(table, &keys, &[name]), "averyveryveryverylongnameofat_alongcolumnnamethatisalsolon_idx1");
        assert_eq!(cut("aé", 2), "a");
    }
}
