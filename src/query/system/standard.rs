//! `information_schema`, the SQL standard's view of the catalog (ISO 9075-11; PostgreSQL 15, chapter 37).

use super::builtin;
use super::definition;
use super::rows::{Cell, Rows};
use super::shape;
use super::world::World;
use crate::catalog::{Function, Name, Object, Relation};
use crate::error::Result;
use crate::query::plan::names::DATABASE;
use crate::value::{BARE_NUMERIC, SqlType};

/// `YES` or `NO`, the standard's truth values.
pub(super) fn yes(value: bool) -> Cell {
    if value { "YES".into() } else { "NO".into() }
}

/// The three parts of a name under the column names of one view.
pub(super) fn qualified(columns: [&'static str; 3], name: &Name) -> [(&'static str, Cell); 3] {
    [(columns[0], DATABASE.into()), (columns[1], name.schema.as_str().into()), (columns[2], name.name.as_str().into())]
}

pub(super) const TABLE: [&str; 3] = ["table_catalog", "table_schema", "table_name"];
const CONSTRAINT: [&str; 3] = ["constraint_catalog", "constraint_schema", "constraint_name"];
const SPECIFIC: [&str; 3] = ["specific_catalog", "specific_schema", "specific_name"];
const ROUTINE: [&str; 3] = ["routine_catalog", "routine_schema", "routine_name"];
const UDT: [&str; 3] = ["udt_catalog", "udt_schema", "udt_name"];

pub(super) fn catalog_name(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    rows.add(&[("catalog_name", DATABASE.into())])
}

pub(super) fn character_sets(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    rows.add(&[
        ("character_set_name", "UTF8".into()),
        ("character_repertoire", "UCS".into()),
        ("form_of_use", "UTF8".into()),
        ("default_collate_catalog", DATABASE.into()),
        ("default_collate_schema", "pg_catalog".into()),
        ("default_collate_name", "C".into()),
    ])
}

pub(super) fn schemata(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (name, oid, _) in world.schemas() {
        let owner = world.catalog.role_name(world.catalog.owner(Object::Schema(oid)));
        rows.add(&[("catalog_name", DATABASE.into()), ("schema_name", name.into()), ("schema_owner", owner.into())])?;
    }
    Ok(())
}

pub(super) fn tables(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let builtin = shape::all().map(|shape| (&shape.name, shape.kind == "r", false));
    let own = world.catalog.relations().map(|relation| (relation.name(), is_table(relation), is_table(relation)));
    for (name, base, insertable) in builtin.chain(own) {
        let mut cells: Vec<(&str, Cell)> = qualified(TABLE, name).to_vec();
        cells.extend([
            ("table_type", if base { "BASE TABLE" } else { "VIEW" }.into()),
            ("is_insertable_into", yes(insertable)),
            ("is_typed", yes(false)),
        ]);
        rows.add(&cells)?;
    }
    Ok(())
}

fn is_table(relation: &Relation) -> bool {
    match relation {
        Relation::Table(_) => true,
        Relation::View(_) => false,
    }
}

pub(super) fn views(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for relation in world.catalog.relations() {
        if let Relation::View(view) = relation {
            let mut cells: Vec<(&str, Cell)> = qualified(TABLE, &view.name).to_vec();
            cells.extend([
                ("view_definition", definition::view(view, world, false).into()),
                ("check_option", "NONE".into()),
                ("is_updatable", yes(false)),
                ("is_insertable_into", yes(false)),
                ("is_trigger_updatable", yes(false)),
                ("is_trigger_deletable", yes(false)),
                ("is_trigger_insertable_into", yes(false)),
            ]);
            rows.add(&cells)?;
        }
    }
    Ok(())
}

pub(super) fn columns(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for shape in shape::all() {
        for (number, column) in (1..).zip(&shape.columns) {
            column_row(rows, &shape.name, number, column.name, &column.sql_type, column.not_null, None)?;
        }
    }
    for relation in world.catalog.relations() {
        match relation {
            Relation::Table(table) => {
                for column in &table.columns {
                    let default = definition::default(column);
                    column_row(rows, &table.name, column.id, &column.name, &column.sql_type, column.not_null, default)?;
                }
            }
            Relation::View(view) => {
                for (number, (name, sql_type)) in (1..).zip(&view.columns) {
                    column_row(rows, &view.name, number, name, sql_type, false, None)?;
                }
            }
        }
    }
    Ok(())
}

fn column_row(
    rows: &mut Rows<'_>,
    relation: &Name,
    number: u32,
    name: &str,
    sql_type: &SqlType,
    not_null: bool,
    default: Option<String>,
) -> Result<()> {
    let mut cells: Vec<(&str, Cell)> = qualified(TABLE, relation).to_vec();
    cells.extend(type_cells(sql_type));
    cells.extend([
        ("column_name", name.into()),
        ("ordinal_position", number.into()),
        ("column_default", default.into()),
        ("is_nullable", yes(!not_null)),
        ("dtd_identifier", number.to_string().into()),
        ("is_self_referencing", yes(false)),
        ("is_identity", yes(false)),
        ("identity_cycle", yes(false)),
        ("is_generated", "NEVER".into()),
        ("is_updatable", yes(false)),
    ]);
    rows.add(&cells)
}

/// What the standard tells of a type; arrays are just `ARRAY` with the element in `udt_name`.
fn type_cells(sql_type: &SqlType) -> Vec<(&'static str, Cell)> {
    let name = match sql_type {
        SqlType::Array(_) => "ARRAY".to_owned(),
        SqlType::Varchar(_) => "character varying".to_owned(),
        SqlType::Bpchar(_) => "character".to_owned(),
        SqlType::Numeric(_, _) => "numeric".to_owned(),
        other => other.to_string(),
    };
    let udt = builtin::type_by_oid(sql_type.oid()).map_or("", |builtin| builtin.name);
    let mut cells: Vec<(&'static str, Cell)> =
        vec![("data_type", name.into()), (UDT[0], DATABASE.into()), (UDT[1], "pg_catalog".into()), (UDT[2], udt.into())];
    match sql_type {
        SqlType::Text | SqlType::Varchar(None) | SqlType::Bpchar(None) => cells.push(("character_octet_length", (1 << 30).into())),
        SqlType::Varchar(Some(length)) | SqlType::Bpchar(Some(length)) => cells.extend([
            ("character_maximum_length", (*length).into()),
            ("character_octet_length", length.saturating_mul(4).min(1 << 30).into()),
        ]),
        SqlType::Int2 => cells.extend(number_cells(16, 2, Some(0))),
        SqlType::Int4 => cells.extend(number_cells(32, 2, Some(0))),
        SqlType::Int8 => cells.extend(number_cells(64, 2, Some(0))),
        SqlType::Float4 => cells.extend(number_cells(24, 2, None)),
        SqlType::Float8 => cells.extend(number_cells(53, 2, None)),
        SqlType::Numeric(precision, scale) if (*precision, *scale) != BARE_NUMERIC => {
            cells.extend(number_cells((*precision).into(), 10, Some((*scale).into())));
        }
        SqlType::Numeric(_, _) => cells.push(("numeric_precision_radix", 10.into())),
        SqlType::Date => cells.push(("datetime_precision", 0.into())),
        SqlType::Time | SqlType::Timestamp | SqlType::Timestamptz | SqlType::Interval => {
            cells.push(("datetime_precision", 6.into()));
        }
        SqlType::Bool
        | SqlType::Name
        | SqlType::Char
        | SqlType::Bytea
        | SqlType::Uuid
        | SqlType::Json
        | SqlType::Jsonb
        | SqlType::Jsonpath
        | SqlType::Tsvector
        | SqlType::Tsquery
        | SqlType::Inet
        | SqlType::Oid
        | SqlType::Reg(_)
        | SqlType::Array(_)
        | SqlType::Vector(_)
        | SqlType::Record(_) => {}
    }
    cells
}

fn number_cells(precision: i32, radix: i32, scale: Option<i32>) -> [(&'static str, Cell); 3] {
    [("numeric_precision", precision.into()), ("numeric_precision_radix", radix.into()), ("numeric_scale", scale.into())]
}

pub(super) fn table_constraints(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for constraint in world.constraints() {
        let table = &constraint.table.name;
        let kind = if constraint.predicate.is_some() { "CHECK" } else { "PRIMARY KEY" };
        let mut cells: Vec<(&str, Cell)> = qualified(TABLE, table).to_vec();
        cells.extend(qualified(CONSTRAINT, &Name::new(table.schema.clone(), constraint.name.clone())));
        cells.extend([
            ("constraint_type", kind.into()),
            ("is_deferrable", yes(false)),
            ("initially_deferred", yes(false)),
            ("enforced", yes(true)),
        ]);
        rows.add(&cells)?;
    }
    Ok(())
}

pub(super) fn check_constraints(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for constraint in world.constraints() {
        if let Some(predicate) = constraint.predicate {
            let name = Name::new(constraint.table.name.schema.clone(), constraint.name);
            let mut cells: Vec<(&str, Cell)> = qualified(CONSTRAINT, &name).to_vec();
            cells.push(("check_clause", format!("({predicate})").into()));
            rows.add(&cells)?;
        }
    }
    Ok(())
}

pub(super) fn collations(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for name in ["default", "C", "POSIX"] {
        rows.add(&[
            ("collation_catalog", DATABASE.into()),
            ("collation_schema", "pg_catalog".into()),
            ("collation_name", name.into()),
            ("pad_attribute", "NO PAD".into()),
        ])?;
    }
    Ok(())
}

/// The types of the elements of arrays: the view `element_types`.
pub(super) fn element_types(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for relation in world.catalog.relations() {
        let (kind, numbers): (&str, Vec<u32>) = match relation {
            Relation::Table(table) => ("TABLE", table.columns.iter().map(|column| column.id).collect()),
            Relation::View(view) => ("VIEW", (1..).take(view.columns.len()).collect()),
        };
        for (number, (_, sql_type, _)) in numbers.into_iter().zip(relation.columns()) {
            let SqlType::Array(element) = sql_type else { continue };
            let mut cells: Vec<(&str, Cell)> =
                qualified(["object_catalog", "object_schema", "object_name"], relation.name()).to_vec();
            cells.extend(
                type_cells(element).into_iter().filter(|(column, _)| ["data_type", UDT[0], UDT[1], UDT[2]].contains(column)),
            );
            cells.extend([
                ("object_type", kind.into()),
                ("collection_type_identifier", number.to_string().into()),
                ("dtd_identifier", number.to_string().into()),
            ]);
            rows.add(&cells)?;
        }
    }
    Ok(())
}

/// The columns of primary keys: the view `key_column_usage`.
pub(super) fn key_column_usage(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    key_columns(world, rows, true)
}

/// The same columns without their order: the view `constraint_column_usage`.
pub(super) fn constraint_column_usage(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    key_columns(world, rows, false)
}

fn key_columns(world: &World<'_>, rows: &mut Rows<'_>, ordered: bool) -> Result<()> {
    for constraint in world.constraints() {
        let table = constraint.table;
        for (position, id) in (1_u32..).zip(&constraint.columns) {
            let Some(column) = table.columns.iter().find(|column| column.id == *id) else { continue };
            let mut cells: Vec<(&str, Cell)> = qualified(TABLE, &table.name).to_vec();
            cells.extend(qualified(CONSTRAINT, &Name::new(table.name.schema.clone(), constraint.name.clone())));
            cells.push(("column_name", column.name.as_str().into()));
            if ordered {
                cells.push(("ordinal_position", position.into()));
            }
            rows.add(&cells)?;
        }
    }
    Ok(())
}

/// A function's name that no overload shares.
fn specific(function: &Function) -> Name {
    Name::new(function.name.schema.clone(), format!("{}_{}", function.name.name, function.oid))
}

pub(super) fn routines(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for function in world.catalog.functions() {
        let mut cells: Vec<(&str, Cell)> = qualified(SPECIFIC, &specific(function)).to_vec();
        cells.extend(qualified(ROUTINE, &function.name));
        cells.extend([
            ("routine_type", "FUNCTION".into()),
            ("data_type", "record".into()),
            ("type_udt_catalog", DATABASE.into()),
            ("type_udt_schema", "pg_catalog".into()),
            ("type_udt_name", "record".into()),
            ("dtd_identifier", "0".into()),
            ("routine_body", "SQL".into()),
            ("routine_definition", function.body.as_str().into()),
            ("external_language", "SQL".into()),
            ("parameter_style", "GENERAL".into()),
            ("is_deterministic", yes(false)),
            ("sql_data_access", "MODIFIES".into()),
            ("is_null_call", yes(false)),
            ("schema_level_routine", yes(true)),
            ("max_dynamic_result_sets", 0.into()),
            ("security_type", "INVOKER".into()),
        ]);
        rows.add(&cells)?;
    }
    Ok(())
}

pub(super) fn parameters(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for function in world.catalog.functions() {
        let arguments =
            function.arguments.iter().map(|argument| ("IN", &argument.name, &argument.sql_type, argument.default.as_ref()));
        let columns = function.columns.iter().map(|(name, sql_type)| ("OUT", name, sql_type, None));
        for (position, (mode, name, sql_type, default)) in (1_u32..).zip(arguments.chain(columns)) {
            let mut cells: Vec<(&str, Cell)> = qualified(SPECIFIC, &specific(function)).to_vec();
            cells.extend(
                type_cells(sql_type).into_iter().filter(|(column, _)| ["data_type", UDT[0], UDT[1], UDT[2]].contains(column)),
            );
            cells.extend([
                ("ordinal_position", position.into()),
                ("parameter_mode", mode.into()),
                ("is_result", yes(false)),
                ("as_locator", yes(false)),
                ("parameter_name", if name.is_empty() { Cell::Null } else { name.as_str().into() }),
                ("dtd_identifier", position.to_string().into()),
                ("parameter_default", default.map(String::as_str).into()),
            ]);
            rows.add(&cells)?;
        }
    }
    Ok(())
}
