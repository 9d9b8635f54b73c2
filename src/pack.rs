//! The built-in pack: the SQL files that a new store runs at its first start, as the system role, in this order.
//!
//! They make the six logs, the reference tables, the catalogue of events, the views, the functions, who sees what of them for how long, and by
//! what rows are found. They are ordinary statements of the language; whatever they need, everybody has.

/// Name and text of each file of `sql/`, in the order in which they run.
pub const FILES: &[(&str, &str)] = &[
    ("00_house.sql", include_str!("../sql/00_house.sql")),
    ("01_logs.sql", include_str!("../sql/01_logs.sql")),
    ("02_reference.sql", include_str!("../sql/02_reference.sql")),
    ("03_catalogue.sql", include_str!("../sql/03_catalogue.sql")),
    ("04_views.sql", include_str!("../sql/04_views.sql")),
    ("05_functions.sql", include_str!("../sql/05_functions.sql")),
    ("06_access.sql", include_str!("../sql/06_access.sql")),
    ("07_query_log.sql", include_str!("../sql/07_query_log.sql")),
    ("08_indexes.sql", include_str!("../sql/08_indexes.sql")),
];

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn every_file_of_the_folder_is_listed_in_the_order_of_its_number() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/sql");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder sql stands beside src")
            .map(|entry| entry.expect("an entry of sql can be read").file_name().to_string_lossy().into_owned())
            .collect();
        found.sort();
        let listed: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(found, listed);
    }

    #[test]
    fn every_table_view_and_function_is_explained() {
        let whole: String = FILES.iter().map(|(_, text)| *text).collect();
        for (make, what) in [("CREATE TABLE ", "TABLE"), ("CREATE VIEW ", "VIEW"), ("CREATE FUNCTION ", "FUNCTION")] {
            for rest in whole.lines().filter_map(|line| line.strip_prefix(make)) {
                let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '.').collect();
                assert!(whole.contains(&format!("COMMENT ON {what} {name} IS '")), "{what} {name} has no comment");
            }
        }
    }

    #[test]
    fn every_column_of_a_table_is_explained() {
        let whole: String = FILES.iter().map(|(_, text)| *text).collect();
        let mut table = None;
        let mut columns = 0;
        for line in whole.lines() {
            if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                table = rest.split(' ').next();
            } else if line.starts_with(')') || line.starts_with(';') {
                table = None;
            } else if let (Some(table), Some(column)) = (table, line.trim().split(' ').next()) {
                if column.is_empty() || column == "PRIMARY" {
                    continue;
                }
                columns += 1;
                assert!(whole.contains(&format!("COMMENT ON COLUMN {table}.{column} IS '")), "{table}.{column} has no comment");
            }
        }
        assert!(columns > 100, "only {columns} columns were looked at");
    }
}
