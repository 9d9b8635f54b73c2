//! SELECT … FOR UPDATE and FOR SHARE: whoever asks for rows of a reference table so is the only one to change the table until the
//! transaction ends. A log's events never change, so there is nothing to hold; whole tables are locked, as changes do.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{self, LockClause, NonBlock, Query, SetExpr, TableFactor, Visit, Visitor};

use crate::catalog::Relation;
use crate::error::Result;
use crate::policy::Action;
use crate::query::plan::names;
use crate::query::session::Session;
use crate::store::spec::{TableId, TableKind};

/// Takes the locks that a query asks for.
///
/// # Errors
/// 25006 in a read-only transaction, 42501 where the rows may not be changed, 55P03 where a lock is held by another and is not waited for.
pub(super) async fn take(session: &mut Session, query: &Query) -> Result<()> {
    let mut asked = Asked { locks: vec![] };
    let _: ControlFlow<()> = query.visit(&mut asked);
    for (strength, ..) in &asked.locks {
        session.refuse_read_only(&format!("execute SELECT FOR {strength}"))?;
    }
    let mut wanted: Vec<(TableId, String, bool)> = Vec::new();
    {
        let planner = session.planner();
        for (_, name, waits) in &asked.locks {
            // What is no table is looked for, and missed, when the query is planned.
            let Ok(name) = names::of_relation(name, &planner.catalog, &planner.path) else { continue };
            if let Some(Relation::Table(table)) = planner.catalog.relation(&name)
                && table.kind() == TableKind::Reference
            {
                planner.guard.permit_columns(Action::Update, table, &[])?;
                wanted.push((table.store_id(), name.name, *waits));
            }
        }
    }
    // In one order, so that no two transactions wait for each other by one statement each.
    wanted.sort();
    let engine = session.engine.clone();
    for (table, name, waits) in wanted {
        let transaction = session.open_transaction();
        if waits {
            transaction.lock_table(&engine, table).await?;
        } else {
            transaction.lock_table_at_once(&engine, table, &name).await?;
        }
    }
    Ok(())
}

/// The tables that queries lock: the strength, the name, and whether a lock that another holds is waited for.
struct Asked {
    locks: Vec<(String, ast::ObjectName, bool)>,
}

impl Asked {
    /// What one query asks for, without those inside it.
    fn of(&mut self, query: &Query) {
        if let SetExpr::Select(select) = query.body.as_ref() {
            for lock in &query.locks {
                let factors = select
                    .from
                    .iter()
                    .flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
                self.locks.extend(factors.filter_map(|factor| asked_of(factor, lock)));
            }
        }
    }
}

impl Visitor for Asked {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.of(query);
        ControlFlow::Continue(())
    }
}

/// The relations that a query's own locks are about.
pub(super) fn named(query: &Query) -> Vec<ast::ObjectName> {
    let mut asked = Asked { locks: vec![] };
    asked.of(query);
    asked.locks.into_iter().map(|(_, name, _)| name).collect()
}

fn asked_of(factor: &TableFactor, lock: &LockClause) -> Option<(String, ast::ObjectName, bool)> {
    let TableFactor::Table { name, alias, args: None, .. } = factor else { return None };
    let own = alias.as_ref().map(|alias| names::fold(&alias.name)).or_else(|| names::parts(name).ok()?.pop())?;
    let wanted = lock.of.as_ref().and_then(|of| names::parts(of).ok()?.pop());
    if wanted.is_some_and(|wanted| wanted != own) {
        return None;
    }
    // What another holds is the whole table, so there are no other rows to go on with.
    let waits = match lock.nonblock {
        None => true,
        Some(NonBlock::Nowait | NonBlock::SkipLocked) => false,
    };
    Some((lock.lock_type.to_string(), name.clone(), waits))
}
