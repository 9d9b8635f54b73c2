// pgJDBC: metadata as BI tools read it, types in text and binary, batches, fetch size, savepoints, cancel, COPY, notifications.

import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.*;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.core.BaseConnection;

public class Client {
    static void say(String name, Object... values) {
        StringJoiner joined = new StringJoiner(" | ");
        for (Object value : values) joined.add(spell(value));
        System.out.println(name + ": " + joined);
    }

    static String spell(Object value) {
        if (value instanceof byte[]) return HexFormat.of().formatHex((byte[]) value);
        if (value instanceof java.sql.Array) {
            try {
                return Arrays.deepToString((Object[]) ((java.sql.Array) value).getArray());
            } catch (SQLException error) {
                return "array: " + error.getMessage();
            }
        }
        return String.valueOf(value);
    }

    interface Step { void run() throws Exception; }

    interface Part { void run(Connection connection) throws Exception; }

    /** One part on a connection of its own; one that cannot go on leaves the others their turn. */
    static void part(String name, String options, Part part) {
        System.out.println("-- " + name);
        try (Connection connection = DriverManager.getConnection(url(options))) {
            part.run(connection);
        } catch (Exception error) {
            System.out.println("failed: " + name + ": " + error.toString().replace("\n", " / "));
        }
    }

    static void refused(String name, Step step) throws Exception {
        try {
            step.run();
            say(name, "went through");
        } catch (SQLException error) {
            say(name, "refused with " + error.getSQLState(), error.getMessage().split("\n")[0]);
        }
    }

    static String url(String options) {
        Map<String, String> env = System.getenv();
        return "jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE") + "?user=" + env.get("PGUSER")
            + "&password=" + env.get("PGPASSWORD") + "&sslmode=" + env.getOrDefault("PGSSLMODE", "disable") + options;
    }

    /** Every row of a result, the columns by name; those whose value is another server's business left out. */
    static void rows(String name, ResultSet rows, String... left) throws SQLException {
        ResultSetMetaData meta = rows.getMetaData();
        Set<String> without = Set.of(left);
        while (rows.next()) {
            StringJoiner line = new StringJoiner(", ");
            for (int at = 1; at <= meta.getColumnCount(); at++) {
                if (!without.contains(meta.getColumnLabel(at))) line.add(meta.getColumnLabel(at) + "=" + rows.getString(at));
            }
            say(name, line);
        }
        rows.close();
    }

    static void metadata(Connection connection) throws Exception {
        DatabaseMetaData meta = connection.getMetaData();
        say("product", meta.getDatabaseProductName(), meta.getDatabaseMajorVersion(), meta.supportsTransactions(), meta.getUserName());
        rows("schema", meta.getSchemas(null, "public"));
        rows("catalog", meta.getCatalogs());
        rows("table", meta.getTables(null, "public", "client\\_%", new String[] {"TABLE", "VIEW"}));
        rows("any table", meta.getTables(null, null, "client\\_e%", null));
        rows("system", meta.getTables(null, "pg_catalog", "pg_class", null));
        rows("table type", meta.getTableTypes());
        rows("column", meta.getColumns(null, "public", "client\\_%", "%"));
        rows("primary key", meta.getPrimaryKeys(null, "public", "client_places"));
        rows("primary key", meta.getPrimaryKeys(null, "public", "client_events"));
        rows("index", meta.getIndexInfo(null, "public", "client_places", false, true), "CARDINALITY", "PAGES");
        rows("index", meta.getIndexInfo(null, "public", "client_events", false, true), "CARDINALITY", "PAGES");
        rows("imported", meta.getImportedKeys(null, "public", "client_places"));
        rows("exported", meta.getExportedKeys(null, "public", "client_places"));
        rows("best row", meta.getBestRowIdentifier(null, "public", "client_places", DatabaseMetaData.bestRowSession, true));
        rows("privilege", meta.getTablePrivileges(null, "public", "client_places"));
        rows("column privilege", meta.getColumnPrivileges(null, "public", "client_places", "name"));
        rows("function", meta.getFunctions(null, "public", "client_none"));
        rows("procedure", meta.getProcedures(null, "public", "client_none"));
        rows("user type", meta.getUDTs(null, "public", "client_none", null));
        Set<String> wanted = Set.of("bool", "int2", "int4", "int8", "float4", "float8", "numeric", "text", "varchar", "bytea", "uuid", "date", "time",
            "timestamp", "timestamptz", "interval", "json", "jsonb", "inet", "_int4", "_text");
        ResultSet types = meta.getTypeInfo();
        TreeMap<String, String> found = new TreeMap<>();
        while (types.next()) {
            if (wanted.contains(types.getString("TYPE_NAME"))) {
                found.put(types.getString("TYPE_NAME"), types.getInt("DATA_TYPE") + " " + types.getInt("PRECISION") + " " + types.getString("LITERAL_PREFIX")
                    + " " + types.getShort("SEARCHABLE") + " " + types.getInt("MAXIMUM_SCALE"));
            }
        }
        found.forEach((name, value) -> say("type " + name, value));
    }

    static void types(Connection connection) throws Exception {
        String[][] literals = {{"bool", "true"}, {"int2", "-5"}, {"int4", "7"}, {"int8", "9007199254740993"}, {"float4", "1.5"}, {"float8", "-1e-300"},
            {"numeric", "12345678901234567890.5"}, {"numeric(8,3)", "-1.25"}, {"text", "Grüße"}, {"varchar(3)", "abc"}, {"bytea", "\\x00ff"},
            {"uuid", "0198c0de-0000-7000-8000-00000000abcd"}, {"date", "2024-02-29"}, {"time", "12:34:56"}, {"timestamp", "2024-02-29 12:34:56.789"},
            {"timestamptz", "2024-02-29 12:34:56.789+02"}, {"interval", "1 day 02:03:04.5"}, {"json", "{\"a\": [1]}"}, {"jsonb", "{\"b\": 1.50}"},
            {"int4[]", "{1,NULL,3}"}, {"text[]", "{a,NULL}"}, {"numeric[]", "{1.5}"}};
        for (String[] pair : literals) {
            try (PreparedStatement statement = connection.prepareStatement("SELECT CAST(? AS text)::" + pair[0] + " AS v, NULL::" + pair[0] + " AS n")) {
                statement.setString(1, pair[1]);
                ResultSetMetaData meta = statement.getMetaData();
                // After five executions the driver prepares on the server, and from then on some types come in binary.
                for (int round = 0; round < 7; round++) {
                    ResultSet rows = statement.executeQuery();
                    rows.next();
                    if (round == 0 || round == 6) {
                        // As text, the driver shows the object's address for bytes that came in binary.
                        String text = pair[0].equals("bytea") ? "" : rows.getString(1);
                        say(pair[0] + " round " + round, rows.getObject(1), text, rows.getObject(2), rows.wasNull(), meta.getColumnTypeName(1),
                            meta.getColumnType(1), meta.getColumnClassName(1), meta.getPrecision(1), meta.getScale(1), meta.getColumnDisplaySize(1));
                    }
                }
            }
        }
        try (PreparedStatement statement = connection.prepareStatement("SELECT ?::bool, ?::int, ?::bigint, ?::float8, ?::numeric, ?::text, ?::bytea, ?::uuid, ?::date, ?::timestamp, ?::timestamptz, ?::jsonb, ?::int[], ?::text")) {
            for (int round = 0; round < 7; round++) {
                statement.setBoolean(1, true);
                statement.setInt(2, 7);
                statement.setLong(3, 1L << 60);
                statement.setDouble(4, 0.1);
                statement.setBigDecimal(5, new BigDecimal("12.3400"));
                statement.setString(6, "text '");
                statement.setBytes(7, new byte[] {0, -1});
                statement.setObject(8, UUID.fromString("0198c0de-0000-7000-8000-00000000abcd"));
                statement.setObject(9, LocalDate.of(2024, 2, 29));
                statement.setObject(10, LocalDateTime.of(2024, 2, 29, 1, 2, 3, 4000));
                statement.setObject(11, OffsetDateTime.of(2024, 2, 29, 1, 2, 3, 0, ZoneOffset.ofHours(2)));
                statement.setObject(12, "{\"a\": 1}", Types.OTHER);
                statement.setArray(13, connection.createArrayOf("int4", new Integer[] {1, null, 3}));
                statement.setNull(14, Types.VARCHAR);
                ResultSet rows = statement.executeQuery();
                rows.next();
                if (round == 0 || round == 6) {
                    for (int at = 1; at <= 14; at++) say("parameter " + at + " round " + round, rows.getObject(at));
                }
            }
        }
        try (PreparedStatement statement = connection.prepareStatement("SELECT n, label, amount FROM client_events WHERE n = ?")) {
            ParameterMetaData parameters = statement.getParameterMetaData();
            ResultSetMetaData meta = statement.getMetaData();
            say("described", parameters.getParameterTypeName(1), meta.getTableName(2), meta.getSchemaName(2), meta.isNullable(1), meta.isAutoIncrement(1));
        }
    }

    static void transactions(Connection connection) throws Exception {
        connection.setAutoCommit(false);
        Statement statement = connection.createStatement();
        statement.executeUpdate("INSERT INTO client_notes (note) VALUES ('kept')");
        Savepoint savepoint = connection.setSavepoint("before");
        statement.executeUpdate("INSERT INTO client_notes (note) VALUES ('lost')");
        refused("division", () -> statement.executeQuery("SELECT 1/0"));
        refused("in a failed transaction", () -> statement.executeQuery("SELECT 1"));
        connection.rollback(savepoint);
        rows("after the savepoint", statement.executeQuery("SELECT note FROM client_notes ORDER BY note"));
        connection.commit();
        connection.setReadOnly(true);
        refused("read only", () -> statement.executeUpdate("INSERT INTO client_notes (note) VALUES ('no')"));
        connection.rollback();
        connection.setReadOnly(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        say("isolation", connection.getTransactionIsolation());
        connection.rollback();
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        connection.setAutoCommit(true);
        for (String sql : new String[] {"SELEC", "SELECT * FROM nowhere", "SELECT nothing FROM client_events", "SELECT 'x'::int", "SELECT no_such(1)"}) {
            refused(sql, () -> connection.createStatement().executeQuery(sql));
        }
        try (PreparedStatement batch = connection.prepareStatement("INSERT INTO client_notes (note) VALUES (?)")) {
            for (int n = 0; n < 100; n++) {
                batch.setString(1, "batch " + n);
                batch.addBatch();
            }
            say("batch", Arrays.stream(batch.executeBatch()).sum());
        }
        say("valid", connection.isValid(5), connection.getSchema(), connection.getCatalog());
    }

    static void fetching(Connection connection) throws Exception {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(100);
            ResultSet rows = statement.executeQuery("SELECT g FROM generate_series(1, 2345) AS g");
            long sum = 0;
            while (rows.next()) sum += rows.getLong(1);
            say("in portions", sum);
            statement.setMaxRows(10);
            rows = statement.executeQuery("SELECT g FROM generate_series(1, 1000000) AS g");
            int count = 0;
            while (rows.next()) count++;
            say("at most", count);
        }
        connection.commit();
        try (Statement statement = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY)) {
            ResultSet rows = statement.executeQuery("SELECT g FROM generate_series(1, 20) AS g");
            rows.absolute(10);
            say("scrolled", rows.getInt(1), rows.last(), rows.getInt(1));
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    static void stopping(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            Thread thread = new Thread(() -> {
                try {
                    Thread.sleep(300);
                    statement.cancel();
                } catch (Exception error) {
                    say("cancel", error);
                }
            });
            thread.start();
            refused("canceled", () -> statement.executeQuery("SELECT pg_sleep(60)"));
            thread.join();
        }
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            refused("timed out", () -> statement.executeQuery("SELECT count(*) FROM generate_series(1, 1000000000000)"));
        }
    }

    static void copying(Connection connection) throws Exception {
        CopyManager copies = new CopyManager((BaseConnection) connection);
        say("copied in", copies.copyIn("COPY client_copied (n, label) FROM STDIN (FORMAT csv)", new StringReader("1,one\n2,\n")));
        StringWriter out = new StringWriter();
        say("copied out", copies.copyOut("COPY (SELECT n, label FROM client_copied ORDER BY n) TO STDOUT", out), out.toString().replace("\n", "\\n"));
        refused("a bad COPY", () -> copies.copyIn("COPY client_copied (n) FROM STDIN", new StringReader("x\n")));
        PGConnection postgres = connection.unwrap(PGConnection.class);
        connection.createStatement().execute("LISTEN client_news");
        connection.createStatement().execute("NOTIFY client_news, 'hello'");
        for (var notification : postgres.getNotifications(20000)) say("notified", notification.getName(), notification.getParameter());
    }

    public static void main(String[] arguments) throws Exception {
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        part("types", "", Client::types);
        part("transactions", "", Client::transactions);
        part("fetching", "", Client::fetching);
        part("stopping", "", Client::stopping);
        part("copying", "", Client::copying);
        part("metadata", "", Client::metadata);
        part("simple", "&preferQueryMode=simple&ApplicationName=simple", connection -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT n, label FROM client_events WHERE n = ? AND label = ?")) {
                statement.setInt(1, 2);
                statement.setString(2, "two");
                rows("row", statement.executeQuery());
            }
        });
        part("rewritten", "&defaultRowFetchSize=50&binaryTransfer=true&prepareThreshold=1&reWriteBatchedInserts=true", connection -> {
            try (PreparedStatement batch = connection.prepareStatement("INSERT INTO client_notes (note) VALUES (?)")) {
                for (int n = 0; n < 40; n++) {
                    batch.setString(1, "rewritten " + n);
                    batch.addBatch();
                }
                say("batch", batch.executeBatch().length);
            }
        });
        System.out.println("done");
    }
}
