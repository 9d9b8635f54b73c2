"""Types into psql as a person does, through a pseudo terminal, and prints what each line becomes.

The server is found in the variables that libpq reads. Nothing waits for a time: behind each line stands a mark, and readline shows it
when it has done what came before.
"""

import os
import pty
import re
import shutil

# What is typed; every TAB asks for completion.
LINES = [
    "SELECT * FROM des\t",
    "SELECT * FROM cal\t",
    'SELECT * FROM desk."A\t',
    "SELECT * FROM many\t WHERE tri\t",
    "SELECT * FROM calls WHERE occ\t > now()",
    "SELECT * FROM calls ORDER BY pri\t",
    "INSERT INTO cal\t",
    "SHOW search_p\t",
    "SHOW transaction_iso\t",
    "SET search_p\t TO ",
    "SET statement_time\t",
    "SET TimeZ\t",
    "RESET application_n\t",
    "ALTER TABLE cal\t RENAME COLUMN no\t",
    "DROP VIEW many\t",
    "DROP TABLE cal\t",
    "CREATE VIEW x AS SELECT * FROM cal\t",
    "COPY cal\t",
    "\\d many\t",
    "\\d desk.\t",
    "\\dt cal\t",
    "\\dv man\t",
    "\\df trie\t",
    "\\sf trie\t",
    "\\sv man\t",
    "\\dn des\t",
    "\\di desk.\t",
    "\\c anna\t",
    "EXPLAIN SELECT * FROM cal\t",
    "TABLE cal\t",
]
MARK = "@@"
PROMPT = "#> "


def main():
    if shutil.which("psql") is None:
        raise SystemExit("there is no psql")
    pid, terminal = pty.fork()
    if pid == 0:
        environment = dict(os.environ, TERM="dumb", PSQL_HISTORY="/dev/null", INPUTRC="/dev/null", PAGER="cat", COLUMNS="500")
        os.execvpe("psql", ["psql", "-X", "-v", f"PROMPT1={PROMPT}"], environment)
    shown = ""

    def until(wanted):
        nonlocal shown
        while wanted not in shown:
            shown += os.read(terminal, 65536).decode(errors="replace")
        before, _, shown = shown.partition(wanted)
        return before

    until(PROMPT)
    for line in LINES:
        os.write(terminal, (line + MARK).encode())
        typed = until(MARK).split(PROMPT)[-1]
        # Bells ring where nothing fits or several things do.
        print(f"{line!r} {re.sub(chr(7), '', typed)!r}")
        # The line is thrown away, and a new prompt comes.
        os.write(terminal, b"\x03")
        until(PROMPT)
    # A query that is asked again and again, until it is stopped.
    os.write(terminal, b"SELECT 'ag' || 'ain' AS said \\watch 0.1\n")
    for _ in range(3):
        until(" again")
    os.write(terminal, b"\x03")
    until(PROMPT)
    print("watched")
    # The last mistake, with all that the server said of it.
    os.write(terminal, b"SELECT 1 FROM nothing;\n")
    until("LINE 1:")
    until(PROMPT)
    os.write(terminal, b"\\errverbose\n")
    print(re.search("ERROR:.*", until("LINE 1:")).group().strip())
    until(PROMPT)
    os.write(terminal, b"\\q\n")
    os.waitpid(pid, 0)


main()
