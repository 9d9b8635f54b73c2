// lib/pq through database/sql: text format, prepared statements, COPY, a listener that reconnects.

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"
)

func say(name string, values ...interface{}) {
	var parts []string
	for _, value := range values {
		parts = append(parts, fmt.Sprintf("%v", value))
	}
	fmt.Printf("%s: %s\n", name, strings.Join(parts, " | "))
}

func refused(name string, err error) {
	var report *pq.Error
	if errors.As(err, &report) {
		say(name, "refused with "+string(report.Code), report.Code.Name(), report.Message, report.Position)
	} else {
		say(name, "not refused by the server", err)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func reading(ctx context.Context, database *sql.DB) {
	rows, err := database.Query("SELECT n, big, ratio, amount, flag, label, raw, id, day, moment, doc, tags FROM client_events ORDER BY n")
	must(err)
	columns, err := rows.ColumnTypes()
	must(err)
	for _, column := range columns {
		length, has := column.Length()
		precision, scale, decimal := column.DecimalSize()
		say("column", column.Name(), column.DatabaseTypeName(), column.ScanType(), length, has, precision, scale, decimal)
	}
	for rows.Next() {
		cells := make([]sql.NullString, len(columns))
		targets := make([]interface{}, len(columns))
		for at := range cells {
			targets[at] = &cells[at]
		}
		must(rows.Scan(targets...))
		say("row", cells)
	}
	must(rows.Err())
	statement, err := database.Prepare("SELECT label, $1::int + 1, $2::text, $3::timestamptz, $4::bytea FROM client_events WHERE n = $1")
	must(err)
	var label, text sql.NullString
	var next int
	var moment time.Time
	var raw []byte
	must(statement.QueryRow(2, nil, time.Unix(1700000000, 0), []byte{0, 255}).Scan(&label, &next, &text, &moment, &raw))
	say("prepared", label, next, text, moment.UTC(), raw)
	var tags pq.StringArray
	must(database.QueryRow("SELECT tags FROM client_events WHERE n = 1").Scan(&tags))
	say("array", tags)

}

func transactions(ctx context.Context, database *sql.DB) {
	transaction, err := database.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	must(err)
	_, err = transaction.Exec("INSERT INTO client_notes (note) VALUES ($1)", "no")
	refused("read only", err)
	_, err = transaction.Exec("SELECT 1")
	refused("in a failed transaction", err)
	must(transaction.Rollback())
	for _, text := range []string{"SELEC", "SELECT * FROM nowhere", "SELECT 1/0", "SELECT 'x'::int"} {
		_, err := database.Exec(text)
		refused(text, err)
	}

}

func copying(ctx context.Context, database *sql.DB) {
	transaction, err := database.Begin()
	must(err)
	rows, err := transaction.Prepare(pq.CopyIn("client_copied", "n", "label"))
	must(err)
	for n := 0; n < 1000; n++ {
		_, err = rows.Exec(n, fmt.Sprintf("row %d", n))
		must(err)
	}
	_, err = rows.Exec()
	must(err)
	must(rows.Close())
	must(transaction.Commit())
	var count int
	must(database.QueryRow("SELECT count(*) FROM client_copied").Scan(&count))
	say("copied in", count)

}

func waiting(ctx context.Context, database *sql.DB) {
	limited, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_, err := database.ExecContext(limited, "SELECT pg_sleep(60)")
	refused("canceled", err)

	listener := pq.NewListener("", time.Second, time.Minute, nil)
	// The listener tries again for ever when it is refused.
	listening := make(chan error, 1)
	go func() { listening <- listener.Listen("client_news") }()
	select {
	case err = <-listening:
		must(err)
	case <-time.After(20 * time.Second):
		panic("LISTEN was never answered")
	}
	_, err = database.Exec("NOTIFY client_news, 'hello'")
	must(err)
	select {
	case notification := <-listener.Notify:
		say("notified", notification.Channel, notification.Extra)
	case <-time.After(20 * time.Second):
		say("notified", "nothing")
	}
	must(listener.Close())
}

// part runs one part; one that cannot go on leaves the others their turn.
func part(name string, database *sql.DB, run func(context.Context, *sql.DB)) {
	defer func() {
		if err := recover(); err != nil {
			fmt.Printf("failed: %s: %v\n", name, err)
		}
	}()
	fmt.Println("--", name)
	run(context.Background(), database)
}

func main() {
	database, err := sql.Open("postgres", "timezone=UTC")
	must(err)
	part("reading", database, reading)
	part("transactions", database, transactions)
	part("copying", database, copying)
	part("waiting", database, waiting)
	must(database.Close())
	fmt.Println("done")
}
