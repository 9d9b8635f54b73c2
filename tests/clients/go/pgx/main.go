// pgx, native interface: binary by default, statement cache, batches, COPY, cancel by context, notifications.

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
)

func say(name string, values ...interface{}) {
	var parts []string
	for _, value := range values {
		parts = append(parts, fmt.Sprintf("%v", value))
	}
	fmt.Printf("%s: %s\n", name, strings.Join(parts, " | "))
}

func refused(name string, err error) {
	var report *pgconn.PgError
	if errors.As(err, &report) {
		say(name, "refused with "+report.Code, report.Message, report.Position)
	} else {
		say(name, "not refused by the server", err)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func connect(ctx context.Context, simple bool) *pgx.Conn {
	config, err := pgx.ParseConfig("")
	must(err)
	if os.Getenv("PGSSLMODE") == "require" {
		config.TLSConfig = &tls.Config{InsecureSkipVerify: true}
	}
	config.PreferSimpleProtocol = simple
	config.RuntimeParams["timezone"] = "UTC"
	connection, err := pgx.ConnectConfig(ctx, config)
	must(err)
	return connection
}

func types(ctx context.Context, connection *pgx.Conn) {
	literals := [][2]string{{"bool", "true"}, {"int2", "-5"}, {"int4", "7"}, {"int8", "9007199254740993"}, {"float4", "1.5"}, {"float8", "-1e-300"},
		{"text", "Grüße"}, {"varchar(3)", "abc"}, {"bytea", "\\x00ff"}, {"date", "2024-02-29"}, {"timestamp", "2024-02-29 12:34:56.789"},
		{"timestamptz", "2024-02-29 12:34:56.789+02"}, {"json", `{"a": [1]}`}, {"jsonb", `{"b": 1.50}`}, {"uuid", "0198c0de-0000-7000-8000-00000000abcd"}}
	for _, pair := range literals {
		rows, err := connection.Query(ctx, "SELECT '"+pair[1]+"'::"+pair[0]+" AS v, NULL::"+pair[0]+" AS n")
		must(err)
		for rows.Next() {
			values, err := rows.Values()
			must(err)
			field := rows.FieldDescriptions()[0]
			if moment, ok := values[0].(time.Time); ok {
				values[0] = moment.UTC().Format(time.RFC3339Nano)
			}
			say(pair[0], values[0], values[1], field.DataTypeOID, field.DataTypeSize, field.TypeModifier)
		}
		must(rows.Err())
	}
	for _, as := range []string{"numeric", "interval", "time", "int4[]", "text[]"} {
		literal := map[string]string{"numeric": "1234567890.0123", "interval": "1 day 02:03:04.5", "time": "01:02:03.5", "int4[]": "{1,NULL,3}", "text[]": "{a,NULL}"}[as]
		var text string
		must(connection.QueryRow(ctx, "SELECT ($1::"+as+")::text", literal).Scan(&text))
		say(as, text)
	}
	var n int32
	var label *string
	var moment time.Time
	must(connection.QueryRow(ctx, "SELECT $1::int4, $2::text, $3::timestamptz", 7, nil, time.Unix(1700000000, 0)).Scan(&n, &label, &moment))
	say("parameters", n, label, moment.UTC())
	var numbers []int32
	must(connection.QueryRow(ctx, "SELECT array_agg(n ORDER BY n) FROM client_events WHERE n = ANY($1)", []int32{1, 2, 9}).Scan(&numbers))
	say("array", numbers)
}

func transactions(ctx context.Context, connection *pgx.Conn) {
	transaction, err := connection.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	must(err)
	_, err = transaction.Exec(ctx, "INSERT INTO client_notes (note) VALUES ($1)", "lost")
	must(err)
	nested, err := transaction.Begin(ctx)
	must(err)
	_, err = nested.Exec(ctx, "SELECT 1/0")
	refused("division", err)
	_, err = nested.Exec(ctx, "SELECT 1")
	refused("in a failed transaction", err)
	must(nested.Rollback(ctx))
	var count int64
	must(transaction.QueryRow(ctx, "SELECT count(*) FROM client_notes").Scan(&count))
	say("inside", count)
	must(transaction.Rollback(ctx))
	must(connection.QueryRow(ctx, "SELECT count(*) FROM client_notes").Scan(&count))
	say("outside", count)
	for _, text := range []string{"SELEC", "SELECT * FROM nowhere", "SELECT nothing FROM client_events", "SELECT 'x'::int", "SELECT no_such(1)"} {
		_, err := connection.Exec(ctx, text)
		refused(text, err)
		_, err = connection.Prepare(ctx, "", text)
		refused("prepare "+text, err)
	}
}

func batches(ctx context.Context, connection *pgx.Conn) {
	batch := &pgx.Batch{}
	for n := 0; n < 5; n++ {
		batch.Queue("SELECT $1::int4 * 2", n)
	}
	batch.Queue("SELECT 1/0")
	batch.Queue("SELECT 1")
	results := connection.SendBatch(ctx, batch)
	for n := 0; n < 5; n++ {
		var double int32
		must(results.QueryRow().Scan(&double))
		say("batch", double)
	}
	_, err := results.Exec()
	refused("batch", err)
	_, err = results.Exec()
	refused("after the error", err)
	results.Close()
	copied, err := connection.CopyFrom(ctx, pgx.Identifier{"client_copied"}, []string{"n", "label", "occurred_at"},
		pgx.CopyFromRows([][]interface{}{{1, "one", time.Unix(1700000000, 0)}, {2, nil, time.Unix(1700000001, 0)}}))
	must(err)
	say("copied in", copied)
	var out strings.Builder
	tag, err := connection.PgConn().CopyTo(ctx, &out, "COPY (SELECT n, label FROM client_copied ORDER BY n) TO STDOUT")
	must(err)
	say("copied out", tag.RowsAffected(), strings.ReplaceAll(out.String(), "\n", "\\n"))
	statement, err := connection.Prepare(ctx, "named", "SELECT n, label FROM client_events WHERE n > $1 ORDER BY n")
	must(err)
	say("prepared", statement.ParamOIDs, statement.Fields[0].DataTypeOID, statement.Fields[1].TableAttributeNumber)
	must(connection.Deallocate(ctx, "named"))
}

func stopping(ctx context.Context, connection *pgx.Conn) {
	limited, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_, err := connection.Exec(limited, "SELECT pg_sleep(60)")
	say("deadline", err != nil, connection.IsClosed())
	connection = connect(ctx, false)
	go func() {
		time.Sleep(300 * time.Millisecond)
		_ = connection.PgConn().CancelRequest(ctx)
	}()
	_, err = connection.Exec(ctx, "SELECT pg_sleep(60)")
	refused("canceled", err)
	must(connection.Close(ctx))
}

func notifications(ctx context.Context, connection *pgx.Conn) {
	_, err := connection.Exec(ctx, "LISTEN client_news")
	must(err)
	other := connect(ctx, true)
	_, err = other.Exec(ctx, "SELECT pg_notify('client_news', 'hello')")
	must(err)
	var n int
	must(other.QueryRow(ctx, "SELECT n FROM client_events WHERE label = $1 AND n = $2", "two", 2).Scan(&n))
	say("simple protocol", n)
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	notification, err := connection.WaitForNotification(limited)
	must(err)
	say("notified", notification.Channel, notification.Payload)
	must(other.Close(ctx))
}

// part runs one part on a connection of its own; one that cannot go on leaves the others their turn.
func part(name string, run func(context.Context, *pgx.Conn)) {
	defer func() {
		if err := recover(); err != nil {
			fmt.Printf("failed: %s: %v\n", name, err)
		}
	}()
	fmt.Println("--", name)
	ctx := context.Background()
	connection := connect(ctx, false)
	defer connection.Close(ctx)
	run(ctx, connection)
}

func main() {
	part("types", types)
	part("transactions", transactions)
	part("batches", batches)
	part("stopping", stopping)
	part("notifications", notifications)
	fmt.Println("done")
}
