//! PostgreSQL's operators, casts, aggregates and the operator classes of its indexes, over the types that Annals holds.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::builtin::{self, lines};
use super::rows::{Cell, Rows};
use super::world::{PG_CATALOG, SUPERUSER_OID, World, access_method};
use crate::catalog::{IndexMethod, Oid};
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
    let columns = ["oid", "opcname", "opcfamily", "", "opcintype", "opcdefault", "opckeytype", "opcmethod"];
    let more = [("opcnamespace", PG_CATALOG.into()), ("opcowner", SUPERUSER_OID.into())];
    listed(rows, CLASSES, &columns, &more)
}

pub(super) fn families(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let mut known = Vec::new();
    for fields in lines(CLASSES) {
        let [_, _, oid, name, _, _, _, method] = fields[..] else { continue };
        if known.contains(&oid) {
            continue;
        }
        known.push(oid);
        rows.add(&[
            ("oid", oid.into()),
            ("opfmethod", method.into()),
            ("opfname", name.into()),
            ("opfnamespace", PG_CATALOG.into()),
            ("opfowner", SUPERUSER_OID.into()),
        ])?;
    }
    Ok(())
}

/// One operator class: how an index of one access method treats values of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OperatorClass {
    pub oid: Oid,
    pub name: &'static str,
    input: Oid,
    is_default: bool,
    /// The type that an index keeps; 0 is the column's own.
    key: Oid,
    method: Oid,
}

const TEXT: Oid = 25;
const BPCHAR: Oid = 1042;
const VARCHAR: Oid = 1043;
const JSON: [Oid; 2] = [114, 3802];
const ANY_ARRAY: Oid = 2277;
const TSVECTOR: Oid = 3614;

impl OperatorClass {
    /// Whether it takes a column of this type: its own, or one whose values are its own as they stand. By parts of their text JSON values
    /// are found too, which PostgreSQL's module does not do.
    pub(crate) fn takes(&self, type_oid: Oid) -> bool {
        match self.input {
            TEXT => [TEXT, VARCHAR].contains(&type_oid) || self.name == TRIGRAMS && JSON.contains(&type_oid),
            BPCHAR => [TEXT, BPCHAR, VARCHAR].contains(&type_oid),
            ANY_ARRAY => builtin::type_by_oid(type_oid).is_some_and(|found| found.category == "A"),
            input => input == type_oid,
        }
    }

    /// The type of what an index keeps of a column.
    pub(crate) fn kept(&self, type_oid: Oid) -> Oid {
        // An array is kept by its elements, of which the class only says that they can be anything.
        if self.key == 0 || self.input == ANY_ARRAY { type_oid } else { self.key }
    }
}

/// The class of indexes by parts of a text.
pub(crate) const TRIGRAMS: &str = "gin_trgm_ops";

static INDEX_CLASSES: LazyLock<Vec<OperatorClass>> = LazyLock::new(|| {
    let read = lines(CLASSES).filter_map(|fields| {
        let [oid, name, _, _, input, default, key, method] = fields[..] else { return None };
        let number = |field: &str| field.parse().ok();
        let (oid, input, key, method) = (number(oid)?, number(input)?, number(key)?, number(method)?);
        Some(OperatorClass { oid, name, input, is_default: default == "t", key, method })
    });
    read.collect()
});

fn classes_of(method: IndexMethod) -> impl Iterator<Item = &'static OperatorClass> {
    INDEX_CLASSES.iter().filter(move |class| class.method == access_method(method))
}

/// The class of this name.
pub(crate) fn class(method: IndexMethod, name: &str) -> Option<&'static OperatorClass> {
    classes_of(method).find(|class| class.name == name)
}

/// The class of a type's values where none is named. `character varying` is ordered as `text`, whose class takes it.
pub(crate) fn default_class(method: IndexMethod, type_oid: Oid) -> Option<&'static OperatorClass> {
    let wanted = if type_oid == VARCHAR { TEXT } else { type_oid };
    classes_of(method).find(|class| class.is_default && (class.input == wanted || class.input == ANY_ARRAY && class.takes(wanted)))
}

/// The class of the words of a text.
pub(crate) fn words_class() -> Option<&'static OperatorClass> {
    default_class(IndexMethod::Gin, TSVECTOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_named_with_their_operands() {
        assert_eq!(by_oid(96).map(Operator::signature).unwrap_or_default(), "=(integer,integer)");
        assert!(named("||").len() > 5, "the bars of a name are read back");
        assert_eq!(default_class(IndexMethod::Btree, 1043), default_class(IndexMethod::Btree, 25));
        assert_eq!(default_class(IndexMethod::Hash, 2950).map(|class| class.oid), Some(10_066));
        assert_eq!(default_class(IndexMethod::Btree, 1007).map(|class| class.name), Some("array_ops"));
        assert_eq!(default_class(IndexMethod::Gin, 25), None);
        assert!(words_class().is_some_and(|class| class.name == "tsvector_ops"));
        assert!(INDEX_CLASSES.iter().all(|own| INDEX_CLASSES.iter().filter(|class| class.oid == own.oid).count() == 1));
    }
}
