//! PostgreSQL's built-in types and their input and output functions, read once from the lists in `data/`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::catalog::Oid;
use crate::value::SqlType;

/// One row of `pg_type`, the fields in the order of [`TYPE_COLUMNS`].
#[derive(Debug)]
pub(crate) struct BuiltinType {
    pub oid: Oid,
    /// Whether it is a domain of `information_schema`, not a type of `pg_catalog`.
    pub standard: bool,
    pub name: &'static str,
    pub array: Oid,
    pub element: Oid,
    pub category: &'static str,
    /// The fields as text, for the row of `pg_type`.
    pub fields: Vec<&'static str>,
}

/// The columns of `pg_type` that the list gives, from the fourth field of a line on.
pub(crate) const TYPE_COLUMNS: [&str; 20] = [
    "typlen",
    "typbyval",
    "typtype",
    "typcategory",
    "typispreferred",
    "typdelim",
    "typsubscript",
    "typelem",
    "typarray",
    "typinput",
    "typoutput",
    "typreceive",
    "typsend",
    "typmodin",
    "typmodout",
    "typalign",
    "typstorage",
    "typbasetype",
    "typtypmod",
    "typcollation",
];

impl BuiltinType {
    /// PostgreSQL's description of it, empty when it has none.
    pub(crate) fn comment(&self) -> &'static str {
        self.fields.get(TYPE_COLUMNS.len()).copied().unwrap_or("")
    }

    /// The field of this column, empty when the list has none of the name.
    pub(crate) fn field(&self, column: &str) -> &'static str {
        TYPE_COLUMNS.iter().position(|known| *known == column).and_then(|at| self.fields.get(at).copied()).unwrap_or("")
    }
}

/// One row of `pg_proc` for a function of PostgreSQL's.
#[derive(Debug)]
pub(crate) struct BuiltinFunction {
    pub oid: Oid,
    pub name: &'static str,
    pub returns: Oid,
    /// Ids of the types of the arguments that a call gives.
    pub arguments: Vec<Oid>,
    /// The fields as text, in the order of [`FUNCTION_COLUMNS`].
    fields: Vec<&'static str>,
}

/// How many of [`FUNCTION_COLUMNS`] are told as they stand in the list: one value each, never NULL.
const PLAIN_COLUMNS: usize = 14;

/// The columns of `pg_proc` that the list gives, from the third field of a line on, and a comment.
const FUNCTION_COLUMNS: [&str; 21] = [
    "prolang",
    "procost",
    "prorows",
    "provariadic",
    "prosupport",
    "prokind",
    "prosecdef",
    "proleakproof",
    "proisstrict",
    "proretset",
    "provolatile",
    "proparallel",
    "pronargdefaults",
    "prorettype",
    "proargtypes",
    "proallargtypes",
    "proargmodes",
    "proargnames",
    "proargdefaults",
    "prosrc",
    "description",
];

impl BuiltinFunction {
    /// The field of this column, empty when it is NULL there or the list has none of the name.
    pub(crate) fn field(&self, column: &str) -> &'static str {
        FUNCTION_COLUMNS.iter().position(|known| *known == column).and_then(|at| self.fields.get(at).copied()).unwrap_or("")
    }

    /// The columns that are told as they stand in the list, with their values.
    pub(super) fn plain_fields(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        FUNCTION_COLUMNS.into_iter().zip(self.fields.iter().copied()).take(PLAIN_COLUMNS)
    }

    /// The elements of a field that is an array.
    pub(crate) fn list(&self, column: &str) -> Vec<&'static str> {
        let separator = if column == "proargnames" { ',' } else { ' ' };
        let field = self.field(column);
        if field.is_empty() { vec![] } else { field.split(separator).collect() }
    }

    /// The arguments as SQL writes them: mode, name, type, default.
    pub(crate) fn signature(&self, defaults: bool) -> String {
        let (all, modes, names) = (self.list("proallargtypes"), self.list("proargmodes"), self.list("proargnames"));
        let types: Vec<Oid> =
            if all.is_empty() { self.arguments.clone() } else { all.iter().filter_map(|oid| oid.parse().ok()).collect() };
        let values: Vec<&str> = self.field("proargdefaults").split(", ").filter(|value| !value.is_empty()).collect();
        let inputs = self.arguments.len();
        let mut at_input = 0;
        let mut shown = Vec::new();
        for (at, oid) in types.iter().enumerate() {
            let mode = match modes.get(at).copied() {
                Some("o") => "OUT ",
                Some("b") => "INOUT ",
                Some("v") => "VARIADIC ",
                Some("t") => continue,
                Some(_) | None => "",
            };
            let name = names.get(at).filter(|name| !name.is_empty()).map_or(String::new(), |name| format!("{name} "));
            let mut default = String::new();
            if mode != "OUT " {
                at_input += 1;
                if defaults && at_input + values.len() > inputs {
                    default = format!(" DEFAULT {}", values.get(at_input + values.len() - inputs - 1).copied().unwrap_or("NULL"));
                }
            }
            if mode != "OUT " || defaults {
                shown.push(format!("{mode}{name}{}{default}", format_type(*oid, -1)));
            }
        }
        let listed = self.field("prokind") == "a" && shown.is_empty();
        if listed { "*".to_owned() } else { shown.join(", ") }
    }

    /// What it returns as SQL writes it.
    pub(crate) fn result(&self) -> String {
        let table: Vec<String> = self
            .list("proargmodes")
            .iter()
            .zip(self.list("proallargtypes"))
            .zip(self.list("proargnames"))
            .filter(|((mode, _), _)| **mode == "t")
            .map(|((_, oid), name)| format!("{name} {}", format_type(oid.parse().unwrap_or(0), -1)))
            .collect();
        if !table.is_empty() {
            return format!("TABLE({})", table.join(", "));
        }
        let set = if self.field("proretset") == "t" { "SETOF " } else { "" };
        format!("{set}{}", format_type(self.returns, -1))
    }
}

static TYPES: LazyLock<Vec<BuiltinType>> = LazyLock::new(|| {
    lines(include_str!("data/types.txt"))
        .filter_map(|fields| {
            let [oid, schema, name, rest @ ..] = &fields[..] else { return None };
            let number = |at: usize| rest.get(at).and_then(|field| field.parse().ok()).unwrap_or(0);
            Some(BuiltinType {
                oid: oid.parse().ok()?,
                standard: *schema == "i",
                name,
                element: number(7),
                array: number(8),
                category: rest.get(3).copied().unwrap_or(""),
                fields: rest.to_vec(),
            })
        })
        .collect()
});

static BY_OID: LazyLock<HashMap<Oid, usize>> =
    LazyLock::new(|| TYPES.iter().enumerate().map(|(at, builtin)| (builtin.oid, at)).collect());

static FUNCTIONS: LazyLock<Vec<BuiltinFunction>> = LazyLock::new(|| {
    lines(include_str!("data/procs.txt"))
        .filter_map(|fields| {
            let [oid, name, rest @ ..] = &fields[..] else { return None };
            Some(BuiltinFunction {
                oid: oid.parse().ok()?,
                name,
                returns: rest.get(13)?.parse().ok()?,
                arguments: rest.get(14)?.split(' ').filter_map(|oid| oid.parse().ok()).collect(),
                fields: rest.to_vec(),
            })
        })
        .collect()
});

static FUNCTIONS_BY_OID: LazyLock<HashMap<Oid, usize>> =
    LazyLock::new(|| FUNCTIONS.iter().enumerate().map(|(at, builtin)| (builtin.oid, at)).collect());

static FUNCTIONS_BY_NAME: LazyLock<HashMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
    let mut names: HashMap<&'static str, Vec<usize>> = HashMap::new();
    for (at, builtin) in FUNCTIONS.iter().enumerate() {
        names.entry(builtin.name).or_default().push(at);
    }
    names
});

/// The lines of a list in `data/`, split at the bars.
pub(super) fn lines(list: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    list.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('|').collect())
}

/// Every built-in type in order of id.
pub(crate) fn types() -> &'static [BuiltinType] {
    &TYPES
}

/// The built-in type of this id.
pub(crate) fn type_by_oid(oid: Oid) -> Option<&'static BuiltinType> {
    BY_OID.get(&oid).and_then(|at| TYPES.get(*at))
}

/// The built-in type of this `typname`.
pub(crate) fn type_by_name(name: &str) -> Option<&'static BuiltinType> {
    TYPES.iter().find(|builtin| builtin.name == name)
}

/// Every built-in function in order of id, whether something here calls it or not.
pub(crate) fn functions() -> &'static [BuiltinFunction] {
    &FUNCTIONS
}

/// The built-in function of this id.
pub(crate) fn function_by_oid(oid: Oid) -> Option<&'static BuiltinFunction> {
    FUNCTIONS_BY_OID.get(&oid).and_then(|at| FUNCTIONS.get(*at))
}

/// The built-in functions of this name.
pub(crate) fn functions_named(name: &str) -> impl Iterator<Item = &'static BuiltinFunction> {
    FUNCTIONS_BY_NAME.get(name).into_iter().flatten().filter_map(|at| FUNCTIONS.get(*at))
}

/// The type's name as SQL writes it, with its modifier, as `format_type` answers; `???` for an unknown id.
pub(crate) fn format_type(oid: Oid, modifier: i32) -> String {
    if oid == 0 {
        return "-".to_owned();
    }
    let Some(builtin) = type_by_oid(oid) else { return "???".to_owned() };
    // The vectors of ids and numbers are arrays too, but types of their own: they alone are stored plain.
    if builtin.category == "A" && builtin.element != 0 && builtin.field("typstorage") != "p" {
        return format!("{}[]", format_type(builtin.element, modifier));
    }
    if builtin.standard {
        return format!("information_schema.{}", builtin.name);
    }
    match builtin.name {
        "bpchar" if modifier < 4 => "character".to_owned(),
        "timetz" => "time with time zone".to_owned(),
        "bit" => "\"bit\"".to_owned(),
        "varbit" => "bit varying".to_owned(),
        "any" => "\"any\"".to_owned(),
        name => match with_modifier(oid, modifier) {
            Some(sql_type) => sql_type.to_string(),
            None => name.to_owned(),
        },
    }
}

/// The SQL type of an id and a modifier as `atttypmod` holds it.
fn with_modifier(oid: Oid, modifier: i32) -> Option<SqlType> {
    let plain = SqlType::from_oid(oid)?;
    Some(match plain {
        SqlType::Varchar(_) if modifier >= 4 => SqlType::Varchar(u32::try_from(modifier - 4).ok()),
        SqlType::Bpchar(_) if modifier >= 4 => SqlType::Bpchar(u32::try_from(modifier - 4).ok()),
        SqlType::Numeric(_, _) if modifier >= 4 => {
            let (precision, scale) = ((modifier - 4) >> 16, (modifier - 4) & 0x7ff);
            match (u8::try_from(precision), i8::try_from(scale)) {
                (Ok(precision), Ok(scale)) => SqlType::Numeric(precision, scale),
                _ => plain,
            }
        }
        other => other,
    })
}

/// The id of a type by one of its names in SQL: `int4`, `integer`, `text[]`, `character varying`, `information_schema.yes_or_no`.
pub(crate) fn type_oid(name: &str) -> Option<Oid> {
    let name = name.trim();
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    if let Some(element) = name.strip_suffix("[]") {
        return type_oid(element).and_then(type_by_oid).map(|builtin| builtin.array).filter(|oid| *oid != 0);
    }
    if let Some(domain) = name.strip_prefix("information_schema.") {
        return TYPES.iter().find(|builtin| builtin.standard && builtin.name == domain).map(|builtin| builtin.oid);
    }
    if name.contains('"') && name != "\"char\"" {
        // What is quoted is the name of the type itself and none of the grammar's words for it.
        return match &super::world::name_parts(name)[..] {
            [schema, own] if schema == "information_schema" => type_oid(&format!("information_schema.{own}")),
            [schema, own] if schema == "pg_catalog" => type_by_name(own).map(|builtin| builtin.oid),
            [own] => type_by_name(own).map(|builtin| builtin.oid),
            _ => None,
        };
    }
    let named = match name {
        "character" | "char" => type_by_name("bpchar"),
        "\"char\"" => type_by_name("char"),
        "time with time zone" => type_by_name("timetz"),
        "bit varying" => type_by_name("varbit"),
        _ => None,
    };
    let parsed = || SqlType::parse(name).ok().map(|sql_type| sql_type.oid());
    let plain = || type_by_name(name.trim_matches('"')).map(|builtin| builtin.oid);
    named.map(|builtin| builtin.oid).or_else(plain).or_else(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_annals_is_listed_with_its_array() {
        for oid in [
            16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 114, 700, 701, 869, 1043, 1082, 1083, 1114, 1184, 1186, 1700, 2205, 2206, 2950,
            3802, 4072, 4089,
        ] {
            let sql_type = SqlType::from_oid(oid).unwrap();
            let builtin = type_by_oid(oid).unwrap_or_else(|| panic!("{sql_type} is not listed"));
            assert_eq!(builtin.field("typlen"), sql_type.length().to_string(), "{sql_type}");
            assert_eq!(builtin.array, SqlType::Array(Box::new(sql_type.clone())).oid(), "{sql_type}");
            assert_eq!(format_type(oid, -1), sql_type.to_string());
            assert_eq!(type_oid(&sql_type.to_string()), Some(oid));
        }
    }

    #[test]
    fn types_are_written_as_postgresql_writes_them() {
        for (oid, modifier, shown) in [
            (1043, 24, "character varying(20)"),
            (1700, ((12 << 16) | 2) + 4, "numeric(12,2)"),
            (1009, -1, "text[]"),
            (1042, -1, "character"),
            (24, -1, "regproc"),
            (30, -1, "oidvector"),
            (0, -1, "-"),
            (999_999, -1, "???"),
        ] {
            assert_eq!(format_type(oid, modifier), shown);
        }
        assert_eq!(functions_named("array_in").map(|function| function.oid).collect::<Vec<_>>(), [750]);
    }

    #[test]
    fn functions_are_written_as_postgresql_writes_them() {
        for (oid, arguments, result) in [
            (870, "text", "text"),
            (3036, "target jsonb, path jsonpath, vars jsonb DEFAULT '{}'::jsonb, silent boolean DEFAULT false", ""),
            (2803, "*", "bigint"),
            (1066, "integer, integer, integer", "SETOF integer"),
            (3058, "VARIADIC \"any\"", "text"),
        ] {
            let found = function_by_oid(oid);
            let Some(found) = found else {
                assert!(result.is_empty(), "{oid}");
                continue;
            };
            if !result.is_empty() {
                assert_eq!((found.signature(true).as_str(), found.result().as_str()), (arguments, result));
            }
        }
        assert!(functions().len() > 2_000);
    }
}
