"""What pgcli asks so that it can complete names, and statements as its prompt runs them."""

from pgcli.pgexecute import PGExecute

from transcript import done, failed, say, server


def ours(rows):
    """The rows about this test's objects, which the schema's name stands in front of."""
    return sorted(tuple(row) for row in rows if str(row[1]).startswith("client_"))


def completion(executor):
    say("search path", executor.search_path())
    say("schemas", "public" in executor.schemata())
    say("tables", ours(executor.tables()))
    say("views", ours(executor.views()))
    for row in ours(executor.table_columns()) + ours(executor.view_columns()):
        say("column", row)
    say("foreign keys", ours(executor.foreignkeys()))
    say("databases", "annals" in executor.databases())
    say("datatypes", ours(executor.datatypes()))
    functions = {(function.schema_name, function.func_name) for function in executor.functions()}
    say("functions", ("pg_catalog", "lower") in functions, ("pg_catalog", "date_trunc") in functions)
    say("casing", len(list(executor.casing())) > 0)
    say("definition", " ".join(executor.view_definition("client_recent").split()))


def prompt(executor):
    for text in ("SELECT n, label FROM client_events ORDER BY n", "SELECT 1/0", "\\d client_places", "\\dt client_*", "INSERT INTO client_notes (note) VALUES ('a')"):
        # What is shown for an error is made by the second function; without it the error is raised.
        answers = executor.run(text, exception_formatter=lambda error: f"{error.sqlstate}")
        for title, rows, headers, status, _, success, _ in answers:
            say(text, title, list(rows) if rows else rows, headers, " ".join((status or "").split()), success)


def main():
    where = server()
    executor = PGExecute(where["database"], where["user"], where["password"], where["host"], str(where["port"]), None)
    for part in (completion, prompt):
        print(f"-- {part.__name__}", flush=True)
        try:
            part(executor)
        except Exception as error:
            failed(part.__name__, error)
    done()


main()
