//! Documents that are asked for nothing but what an index knows of them: the values at a path.

use std::collections::{BTreeMap, HashMap};

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result, TableReference};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::ScalarFunction;

use crate::scan::{path_column, steps_of};
use crate::value::json::path::Step;

/// What an index knows, by the column in which documents stand and the way into them: the number of the path.
pub(super) type Promoted = BTreeMap<(String, Vec<Step>), u64>;

/// Which columns of a node are documents, or parts of such.
#[derive(Debug, Clone, Default)]
pub(super) struct Documents(HashMap<Column, (String, Vec<Step>)>);

impl Documents {
    /// The documents of a scan into which indexes lead.
    pub(super) fn of(promoted: &Promoted, table: &TableReference) -> Self {
        Documents::called_so(promoted.keys().map(|(column, _)| column), table)
    }

    /// Columns of documents of a table that is called so.
    pub(super) fn called_so<'a>(columns: impl Iterator<Item = &'a String>, table: &TableReference) -> Self {
        Documents(columns.map(|name| (Column::new(Some(table.clone()), name), (name.clone(), vec![]))).collect())
    }

    /// The same under another name of the table.
    pub(super) fn called(self, alias: &TableReference) -> Self {
        Documents(self.0.into_iter().map(|(column, part)| (Column::new(Some(alias.clone()), column.name), part)).collect())
    }

    pub(super) fn add(&mut self, column: Column, part: (String, Vec<Step>)) {
        self.0.insert(column, part);
    }

    pub(super) fn holds(&self, column: &Column) -> bool {
        self.0.contains_key(column)
    }

    /// The document, or the part of one, that an expression is.
    pub(super) fn part(&self, expr: &Expr) -> Option<(String, Vec<Step>)> {
        match expr {
            Expr::Column(column) => self.0.get(column).cloned(),
            Expr::Alias(alias) => self.part(&alias.expr),
            Expr::ScalarFunction(call) if ["->", "#>"].contains(&call.name()) => self.led(call),
            _ => None,
        }
    }

    /// The column and the path of the text of a document's part that an expression is.
    pub(super) fn text(&self, expr: &Expr) -> Option<(String, Vec<Step>)> {
        match expr {
            Expr::ScalarFunction(call) if ["->>", "#>>"].contains(&call.name()) => self.led(call),
            _ => None,
        }
    }

    fn led(&self, call: &ScalarFunction) -> Option<(String, Vec<Step>)> {
        let [document, Expr::Literal(way, _)] = call.args.as_slice() else { return None };
        let (column, mut steps) = self.part(document)?;
        steps.extend(steps_of(call.name(), way)?);
        Some((column, steps))
    }

    /// An expression with the columns of a counted table in the place of texts that indexes know.
    pub(super) fn promoted(&self, expr: Expr, promoted: &Promoted, passed: &[Column]) -> Result<Expr> {
        let replaced = expr.transform_down(|inner| {
            let number = self.text(&inner).and_then(|way| promoted.get(&way));
            let name = number.map(|number| path_column(*number));
            Ok(match name.and_then(|name| passed.iter().find(|column| column.name == name)) {
                Some(column) => Transformed::yes(Expr::Column(column.clone())),
                None => Transformed::no(inner),
            })
        })?;
        Ok(replaced.data)
    }
}
