//! PostgreSQL's operators, casts, aggregates and the operator classes of its B-trees, over the types that Annals holds.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::builtin::{self, lines};
use super::rows::{Cell, Rows};
use super::world::{AM_BTREE, PG_CATALOG, SUPERUSER_OID, World};
use crate::catalog::Oid;
use crate::error::Result;

/// One row of `pg_operator`, the fields in the order of the list.
pub(crate) struct Operator(Vec<&'static str>);

/// The columns of the list of operators.
const OPERATOR_COLUMNS: [&str; 14] = [
    "oid",
    "oprname",
    "oprkind",
    "oprcanmerge",
    "oprcanhash",
    "oprleft",
    "oprright",
    "oprresult",
    "oprcom",
    "oprnegate",
    "oprcode",
    "oprrest",
    "oprjoin",
    "description",
];

impl Operator {
    fn number(&self, at: usize) -> Oid {
        self.0.get(at).and_then(|field| field.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn oid(&self) -> Oid {
        self.number(0)
    }

    pub(crate) fn name(&self) -> String {
        // The list is separated by bars, so those of a name are written otherwise.
        self.0.get(1).copied().unwrap_or("").replace("\\x7c", "|")
    }

    /// The ids of the operands' types; 0 is none.
    pub(crate) fn operands(&self) -> [Oid; 2] {
        [self.number(5), self.number(6)]
    }

    /// Name and operands, as `regoperator` writes them.
    pub(crate) fn signature(&self) -> String {
        let shown = self.operands().map(|oid| if oid == 0 { "NONE".to_owned() } else { builtin::format_type(oid, -1) });
        format!("{}({})", self.name(), shown.join(","))
    }

    pub(crate) fn comment(&self) -> &'static str {
        self.0.get(13).copied().unwrap_or("")
    }
}

static OPERATORS: LazyLock<Vec<Operator>> =
    LazyLock::new(|| lines(include_str!("data/operators.txt")).map(Operator).filter(|operator| operator.oid() > 0).collect());

static BY_OID: LazyLock<HashMap<Oid, usize>> =
    LazyLock::new(|| OPERATORS.iter().enumerate().map(|(at, operator)| (operator.oid(), at)).collect());

/// Whether a function is what an operator, a cast or an aggregate runs.
pub(super) fn is_code(function: Oid) -> bool {
    static CODE: LazyLock<HashSet<Oid>> = LazyLock::new(|| {
        let of_operators = OPERATORS.iter().flat_map(|operator| (10..=12).map(|at| operator.number(at)));
        let field = |list: &'static str, at: usize| {
            lines(list).filter_map(move |fields| fields.get(at).and_then(|oid| oid.parse::<Oid>().ok()))
        };
        let of_aggregates = (3..=10).flat_map(|at| field(include_str!("data/aggregates.txt"), at));
        of_operators.chain(field(include_str!("data/casts.txt"), 3)).chain(of_aggregates).collect()
    });
    CODE.contains(&function)
}

/// Every operator in order of id.
pub(crate) fn all() -> &'static [Operator] {
    &OPERATORS
}

/// The operator of this id.
pub(crate) fn by_oid(oid: Oid) -> Option<&'static Operator> {
    BY_OID.get(&oid).and_then(|at| OPERATORS.get(*at))
}

/// Ids of the operators of this name.
pub(crate) fn named(name: &str) -> Vec<Oid> {
    OPERATORS.iter().filter(|operator| operator.name() == name).map(Operator::oid).collect()
}

pub(super) fn operators(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for operator in all() {
        let mut cells: Vec<(&str, Cell)> = vec![("oprnamespace", PG_CATALOG.into()), ("oprowner", SUPERUSER_OID.into())];
        let fields = OPERATOR_COLUMNS.iter().zip(&operator.0).filter(|(name, _)| !["oprname", "description"].contains(name));
        cells.extend(fields.map(|(name, field)| (*name, (*field).into())));
        cells.push(("oprname", operator.name().into()));
        rows.add(&cells)?;
    }
    Ok(())
}

/// A row for each line of a list whose fields are these columns; `NULL` is written out.
fn listed(rows: &mut Rows<'_>, list: &'static str, columns: &[&'static str], more: &[(&'static str, Cell)]) -> Result<()> {
    for fields in lines(list) {
        let cells = columns.iter().zip(fields).filter(|(name, _)| !name.is_empty());
        let mut cells: Vec<(&str, Cell)> =
            cells.map(|(name, field)| (*name, if field == "NULL" { Cell::Null } else { field.into() })).collect();
        cells.extend(more.iter().cloned());
        rows.add(&cells)?;
    }
    Ok(())
}

pub(super) fn casts(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let columns = ["oid", "castsource", "casttarget", "castfunc", "castcontext", "castmethod"];
    listed(rows, include_str!("data/casts.txt"), &columns, &[])
}

/// The aggregates that a statement can call.
pub(super) fn aggregates(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    const COLUMNS: [&str; 22] = [
        "aggfnoid",
        "aggkind",
        "aggnumdirectargs",
        "aggtransfn",
        "aggfinalfn",
        "aggcombinefn",
        "aggserialfn",
        "aggdeserialfn",
        "aggmtransfn",
        "aggminvtransfn",
        "aggmfinalfn",
        "aggfinalextra",
        "aggmfinalextra",
        "aggfinalmodify",
        "aggmfinalmodify",
        "aggsortop",
        "aggtranstype",
        "aggtransspace",
        "aggmtranstype",
        "aggmtransspace",
        "agginitval",
        "aggminitval",
    ];
    for fields in lines(include_str!("data/aggregates.txt")) {
        let oid = fields.first().and_then(|oid| oid.parse().ok()).unwrap_or(0);
        if !builtin::function_by_oid(oid).is_some_and(|function| world.facts.system.callable.contains(function.name)) {
            continue;
        }
        let cells = COLUMNS.iter().zip(fields);
        let cells: Vec<(&str, Cell)> =
            cells.map(|(name, field)| (*name, if field == "NULL" { Cell::Null } else { field.into() })).collect();
        rows.add(&cells)?;
    }
    Ok(())
}

const CLASSES: &str = include_str!("data/opclasses.txt");

pub(super) fn classes(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let columns = ["oid", "opcname", "opcfamily", "", "opcintype", "opcdefault", "opckeytype"];
    let more = [("opcmethod", AM_BTREE.into()), ("opcnamespace", PG_CATALOG.into()), ("opcowner", SUPERUSER_OID.into())];
    listed(rows, CLASSES, &columns, &more)
}

pub(super) fn families(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let mut known = Vec::new();
    for fields in lines(CLASSES) {
        let [_, _, oid, name, ..] = fields[..] else { continue };
        if known.contains(&oid) {
            continue;
        }
        known.push(oid);
        rows.add(&[
            ("oid", oid.into()),
            ("opfmethod", AM_BTREE.into()),
            ("opfname", name.into()),
            ("opfnamespace", PG_CATALOG.into()),
            ("opfowner", SUPERUSER_OID.into()),
        ])?;
    }
    Ok(())
}

/// The default B-tree class of a type's values; 0 when there is none.
pub(super) fn default_class(type_oid: Oid) -> Oid {
    // `character varying` is ordered as `text`, whose class takes it.
    let wanted = if type_oid == 1043 { 25 } else { type_oid };
    let found = lines(CLASSES).find_map(|fields| match fields[..] {
        [oid, _, _, _, input, "t", ..] if input.parse() == Ok(wanted) => oid.parse().ok(),
        _ => None,
    });
    found.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_named_with_their_operands() {
        assert_eq!(by_oid(96).map(Operator::signature).unwrap_or_default(), "=(integer,integer)");
        assert!(named("||").len() > 5, "the bars of a name are read back");
        assert_eq!(default_class(1043), default_class(25));
        assert!(default_class(2950) > 0);
    }
}
