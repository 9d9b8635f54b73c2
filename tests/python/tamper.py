"""Changes a stopped store's files as somebody would who does not want it to be seen.

Arguments: what to do, the data folder, the folder of the table, and for some the folder of another table or another data folder. Prints
the leaf indexes that it is about, as `first last`, where it is about rows.
"""

import base64
import datetime
import json
import os
import shutil
import sys
import time
import uuid

import deltalake
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

action, data, folder = sys.argv[1:4]
other = sys.argv[4] if len(sys.argv) > 4 else None


def segments(of=folder):
    """The files in force, the one with the most rows first."""
    table = deltalake.DeltaTable(of)
    found = [os.path.join(of, uri.split(os.path.basename(of) + "/", 1)[1]) for uri in table.file_uris()]
    return sorted(found, key=lambda path: (-pq.read_metadata(path).num_rows, path))


def load(path):
    """The rows of one file; the partition is in its folder's name, not in the file."""
    return pq.ParquetFile(path).read()


def save(path, table):
    pq.write_table(table, path)


def tell(*leaves):
    print(min(leaves), max(leaves))


def commit(actions, of=folder):
    """Puts a commit of one's own at the end of the Delta log."""
    log = os.path.join(of, "_delta_log")
    last = max(int(name[:-5]) for name in os.listdir(log) if name.endswith(".json"))
    with open(os.path.join(log, f"{last + 1:020}.json"), "w") as file:
        for entry in actions:
            file.write(json.dumps(entry) + "\n")


def relative(path, of=folder):
    return os.path.relpath(path, of)


def removal(path, of=folder):
    day = relative(path, of).split("/")[0].split("=")[1]
    return {"remove": {"path": relative(path, of), "deletionTimestamp": int(time.time() * 1000), "dataChange": True,
                       "extendedFileMetadata": True, "partitionValues": {"_day": day}, "size": os.path.getsize(path)}}


def addition(path, of=folder):
    day = relative(path, of).split("/")[0].split("=")[1]
    return {"add": {"path": relative(path, of), "partitionValues": {"_day": day}, "size": os.path.getsize(path),
                    "modificationTime": int(time.time() * 1000), "dataChange": True}}


def leaf(table, row):
    return table["_li"][row].as_py()


def with_cell(table, column, row, value):
    values = table[column].to_pylist()
    values[row] = value
    return table.set_column(table.schema.get_field_index(column), table.schema.field(column),
                            pa.array(values, table.schema.field(column).type))


path = segments()[0]
table = load(path)
middle = table.num_rows // 2
if action == "change a cell":
    save(path, with_cell(table, "note", middle, "nothing happened"))
    tell(leaf(table, middle))
elif action == "change a time of ingest":
    earlier = table["_ingest_ts"][middle].as_py() - datetime.timedelta(days=30)
    save(path, with_cell(table, "_ingest_ts", middle, earlier))
    tell(leaf(table, middle))
elif action == "turn a byte":
    # In a plain page, so that the file can be read and one value is another.
    pq.write_table(table, path, compression="none", use_dictionary=False)
    with open(path, "rb") as file:
        content = bytearray(file.read())
    wanted = table["note"][middle].as_py().encode()
    at = content.index(wanted)
    content[at] ^= 1
    with open(path, "wb") as file:
        file.write(content)
    tell(leaf(table, middle))
elif action == "delete a row":
    save(path, pa.concat_tables([table.slice(0, middle), table.slice(middle + 1)]))
    tell(leaf(table, middle))
elif action == "delete the newest rows":
    newest = max(pc.max(load(file)["_li"]).as_py() for file in segments())
    for file in segments():
        rows = load(file)
        kept = rows.filter(pc.less_equal(rows["_li"], newest - 10))
        if kept.num_rows < rows.num_rows:
            save(file, kept)
    tell(newest - 9, newest)
elif action == "duplicate a row":
    save(path, pa.concat_tables([table, table.slice(middle, 1)]))
    tell(leaf(table, middle))
elif action == "swap two rows":
    leaves = table["_li"].to_pylist()
    leaves[middle], leaves[middle + 1] = leaves[middle + 1], leaves[middle]
    save(path, table.set_column(table.schema.get_field_index("_li"), table.schema.field("_li"), pa.array(leaves, pa.int64())))
    tell(*leaves[middle : middle + 2])
elif action == "insert a back-dated row":
    # As the public package does it: one more commit to the open table.
    rows = deltalake.DeltaTable(folder).to_pyarrow_table()
    last = pc.max(rows["_li"]).as_py()
    first = rows.slice(0, 1)
    back = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=3)
    row = first.to_pylist()[0] | {"_li": last + 1, "_ingest_ts": back, "occurred_at": back, "note": "it was always here",
                                  "event_id": str(uuid.uuid4()), "_day": back.date()}
    deltalake.write_deltalake(folder, pa.Table.from_pylist([row], first.schema), mode="append")
    tell(last + 1)
elif action == "swap two files":
    second = next(file for file in segments() if file != path)
    os.rename(path, path + ".swapped")
    os.rename(second, path)
    os.rename(path + ".swapped", second)
elif action == "move a row":
    # Out of one table, into a file of the other.
    row = table.slice(middle, 1)
    save(path, pa.concat_tables([table.slice(0, middle), table.slice(middle + 1)]))
    target = segments(other)[0]
    there = load(target)
    row = row.select(there.schema.names).cast(there.schema)
    save(target, pa.concat_tables([there, row]))
    tell(leaf(table, middle))
elif action == "rename a column":
    save(path, table.rename_columns(["remark" if name == "note" else name for name in table.schema.names]))
elif action == "leave a file out":
    commit([removal(path)])
    tell(*table["_li"].to_pylist())
elif action == "add a file twice":
    copy = os.path.join(os.path.dirname(path), f"{uuid.uuid4()}.parquet")
    shutil.copy(path, copy)
    commit([addition(copy)])
    tell(*table["_li"].to_pylist())
elif action == "forget a purge":
    control = os.path.join(data, "ledger", "control.jsonl")
    with open(control) as file:
        lines = list(file)
    lines.remove(next(line for line in lines if '"kind":"purge"' in line))
    with open(control, "w") as file:
        file.writelines(lines)
elif action == "purge one row more":
    # The row goes, and is written into the list of a purge that was lawful.
    purges = os.path.join(data, "ledger", "purges")
    name = os.path.join(purges, sorted(os.listdir(purges))[0])
    with open(name, "rb") as file:
        runs = [(int.from_bytes(run[:8], "big"), int.from_bytes(run[8:], "big")) for run in iter(lambda: file.read(16), b"")]
    gone = leaf(table, middle)
    runs = sorted(runs + [(gone, gone)])
    with open(name, "wb") as file:
        file.write(b"".join(first.to_bytes(8, "big") + last.to_bytes(8, "big") for first, last in runs))
    save(path, pa.concat_tables([table.slice(0, middle), table.slice(middle + 1)]))
    tell(gone)
elif action == "release one row":
    holds = os.path.join(data, "ledger", "holds")
    os.truncate(os.path.join(holds, os.listdir(holds)[0]), 0)
elif action == "edit the checkpoint":
    name = os.path.join(data, "ledger", "checkpoint")
    with open(name) as file:
        lines = file.read().split("\n")
    root = bytearray(base64.b64decode(lines[2]))
    root[0] ^= 1
    lines[2] = base64.b64encode(root).decode()
    with open(name, "w") as file:
        file.write("\n".join(lines))
elif action == "edit a tile":
    tiles = os.path.join(data, "ledger", "tables", os.path.basename(folder), "tiles")
    with open(tiles, "r+b") as file:
        file.seek(32 * 3)
        file.write(bytes(32))
    tell(3 * 256, 4 * 256 - 1)
elif action == "edit an entry":
    control = os.path.join(data, "ledger", "control.jsonl")
    with open(control) as file:
        text = file.read()
    with open(control, "w") as file:
        file.write(text.replace('"label":"public.evidence"', '"label":"public.evidense"', 1))
else:
    sys.exit(f"no such action: {action}")
