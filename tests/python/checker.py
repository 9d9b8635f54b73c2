"""Tells whether the ledger of a folder is what was signed, by docs/ledger-format.md alone: it shares nothing with the server.

    checker.py folder DATA [PUBLIC_KEY [CHECKPOINT]]       a folder of a server that was stopped in order
    checker.py proof FILE PUBLIC_KEY                       the proof of one row

It prints what is wrong, a line each, and as its last line "right" or "wrong"; the exit code is 0 or 1.
"""

import base64
import decimal
import hashlib
import json
import os
import re
import struct
import sys
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TILE = 256
CHUNK = 65536


class Wrong(Exception):
    """Why something is not what was signed."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hash_of(text):
    value = base64.b64decode(text, validate=True)
    if len(value) != 32:
        raise Wrong(f"{text} is no hash")
    return value


def u32(number):
    return struct.pack(">I", number)


def u64(number):
    return struct.pack(">Q", number)


def i64(number):
    return struct.pack(">q", number)


# The Merkle tree.


def leaf_of(content):
    return sha256(b"\0", content)


def node_of(left, right):
    return sha256(b"\1", left, right)


class Tree:
    """A tree that grows: its complete subtrees as pairs of a height and a root, the highest first."""

    def __init__(self):
        self.size = 0
        self.parts = []

    def push(self, root, height=0):
        self.size += 1 << height
        while self.parts and self.parts[-1][0] == height:
            _, left = self.parts.pop()
            root, height = node_of(left, root), height + 1
        self.parts.append((height, root))

    def root(self):
        if not self.parts:
            return sha256()
        root = self.parts[-1][1]
        for _, left in reversed(self.parts[:-1]):
            root = node_of(left, root)
        return root


def root_of_proof(index, size, leaf, path):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        raise Wrong("the proof is about a leaf behind its tree")
    at, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Wrong("the proof is too long")
        if at & 1 or at == last:
            root = node_of(sibling, root)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            root = node_of(root, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return root


# Keys, notes and checkpoints.


class Key:
    def __init__(self, text):
        name, given, encoded = text.strip().split("+", 2)
        content = base64.b64decode(encoded, validate=True)
        if len(content) != 33 or content[0] != 1:
            raise Wrong(f"{text} is no Ed25519 key")
        self.name, self.public = name, content[1:]
        if self.id_as(name).hex() != given:
            raise Wrong(f"{text} does not have its own hash")

    def id_as(self, name):
        return sha256(name.encode(), b"\n\1", self.public)[:4]

    def has_signed(self, note, name):
        text, lines = note
        for signer, content in lines:
            if signer == name and content[:4] == self.id_as(name):
                try:
                    Ed25519PublicKey.from_public_bytes(self.public).verify(content[4:], text.encode())
                    return True
                except InvalidSignature:
                    pass
        return False


def read_note(note):
    """The text that is signed, and who signed it with which bytes."""
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise Wrong("a note has no signatures")
    lines = []
    for line in signatures[:-1].split("\n"):
        dash, name, content = line.split(" ")
        if dash != "\u2014":
            raise Wrong("a line of a note is no signature")
        lines.append((name, base64.b64decode(content, validate=True)))
    return text + "\n", lines


def read_checkpoint(text):
    """Origin, size and root."""
    origin, size, root = text.split("\n")[:3]
    if not re.fullmatch("0|[1-9][0-9]*", size):
        raise Wrong("the size of a checkpoint is no number")
    return origin, int(size), hash_of(root)


# Rows.

TAGS = {
    "boolean": 0x01, "smallint": 0x10, "integer": 0x10, "bigint": 0x10, "oid": 0x11, "real": 0x20, "double precision": 0x20,
    "numeric": 0x30, "timestamp without time zone": 0x40, "timestamp with time zone": 0x41, "time without time zone": 0x42,
    "date": 0x43, "interval": 0x44, "text": 0x50, "character varying": 0x50, "character": 0x50, "bpchar": 0x50, "name": 0x50,
    '"char"': 0x50, "inet": 0x50, "jsonpath": 0x50, "bytea": 0x51, "uuid": 0x52, "json": 0x60, "jsonb": 0x61,
}
ARRAY = 0x70


def tag_of(kind):
    """The tag of a type, and that of its elements."""
    if kind in ("oidvector", "int2vector"):
        return ARRAY, 0x11 if kind == "oidvector" else 0x10
    if kind.endswith("[]"):
        return ARRAY, tag_of(kind[:-2])[0]
    plain = re.sub(r"\([0-9, ]*\)$", "", kind)
    if plain not in TAGS and not plain.startswith("reg"):
        raise Wrong(f"the type {kind} is unknown")
    return TAGS.get(plain, 0x11), None


def interval(text):
    parts = {"mons": 0, "days": 0, "secs": decimal.Decimal(0)}
    for number, unit in re.findall(r"(\S+) (mons|days|secs)", text):
        parts[unit] = decimal.Decimal(number)
    return struct.pack(">iiq", int(parts["mons"]), int(parts["days"]), int(parts["secs"] * 1_000_000))


def numeric(value, scale):
    sign, digits, exponent = value.as_tuple()
    number = int("".join(map(str, digits))) * 10 ** (exponent + scale) * (-1 if sign else 1)
    length = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return struct.pack("b", scale) + number.to_bytes(length, "big", signed=True)


def value_of(tag, item, value, scale):
    """The bytes of a value, given as the file has it."""
    if tag == 0x01:
        return b"\1" if value else b"\0"
    if tag == 0x11:
        return u64(value)
    if tag in (0x10, 0x40, 0x41, 0x42):
        return i64(value)
    if tag == 0x20:
        return bytes.fromhex("7ff8000000000000") if value != value else struct.pack(">d", value)
    if tag == 0x30:
        return numeric(value, scale)
    if tag == 0x43:
        return struct.pack(">i", value)
    if tag == 0x44:
        return interval(value)
    if tag in (0x50, 0x60, 0x61):
        return value.encode()
    if tag == 0x51:
        return value
    if tag == 0x52:
        return uuid.UUID(value).bytes
    items = (tagged(item, None, element, scale) if element is not None else bytes(5) for element in value)
    return u32(len(value)) + b"".join(items)


def tagged(tag, item, value, scale):
    content = value_of(tag, item, value, scale)
    return bytes([tag]) + u32(len(content)) + content


def plain(column):
    """A column's values; moments as numbers, so that nothing is lost on the way to Python."""
    column = column.combine_chunks()
    kind = column.type
    if pa.types.is_list(kind):
        values = plain(pa.chunked_array([column.values]))
        ends = column.offsets.to_pylist()
        spans = zip(ends[:-1], ends[1:])
        return [values[a:b] if column[row].is_valid else None for row, (a, b) in enumerate(spans)]
    if pa.types.is_timestamp(kind):
        if kind.unit != "us":
            raise Wrong(f"a moment is stored as {kind}")
        column = column.cast(pa.int64())
    elif pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    return column.to_pylist()


def scale_of(kind):
    kind = kind.value_type if pa.types.is_list(kind) else kind
    return kind.scale if pa.types.is_decimal(kind) else None


def record(kind, index, ingest, commitment):
    return bytes([1, kind, 0, 0, 0, 0]) + u64(index) + i64(ingest) + commitment


class Salts:
    """What is left of the salts of a table."""

    def __init__(self, content):
        self.nodes = {}
        while content:
            chunk, length = struct.unpack(">QI", content[:12])
            nodes, content = content[12 : 12 + length], content[12 + length :]
            for at in range(0, length, 35):
                depth, first = struct.unpack(">BH", nodes[at : at + 3])
                self.nodes[chunk, depth, first] = nodes[at + 3 : at + 35]
        self.known = {}

    def seed(self, chunk, depth, place):
        first = place >> (16 - depth) << (16 - depth)
        key = chunk, depth, first
        if key in self.nodes:
            return self.nodes[key]
        if depth == 0:
            return None
        if key not in self.known:
            above = self.seed(chunk, depth - 1, place)
            right = place >> (16 - depth) & 1
            self.known[key] = above and sha256(b"LS1\0", bytes([right]), above)
        return self.known[key]

    def of(self, index):
        seed = self.seed(index // CHUNK, 16, index % CHUNK)
        return seed and seed[:16]


# The control log.


def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


class Table:
    def __init__(self, entry):
        self.id = uuid.UUID(entry["table"])
        self.made = entry["made"]
        self.sizes = []
        self.absent = set()
        self.purges = {}
        self.holds = {}

    def define(self, entry):
        self.label, self.columns = entry["label"], entry["columns"]

    def grown(self, size, root):
        last, known = self.sizes[-1] if self.sizes else (0, None)
        if size < last or size == last and root != known:
            raise Wrong(f"the tree of {self.label} becomes smaller or another")
        if size > last:
            self.sizes.append((size, root))


class Log:
    """The control log, replayed."""

    def __init__(self, ledger):
        self.tree = Tree()
        self.roots = [self.tree.root()]
        self.tables = {}
        self.purges = {}
        self.keys = []
        self.newest_key = 0
        lines = read_file(os.path.join(ledger, "control.jsonl")).split(b"\n")
        for line in lines[:-1]:
            entry = json.loads(line)
            try:
                self.hear(entry)
            except (KeyError, ValueError) as cause:
                raise Wrong(f"entry {self.tree.size} of the control log cannot be read: {cause!r}") from cause
            self.tree.push(leaf_of(line))
            self.roots.append(self.tree.root())
        if not self.keys:
            raise Wrong("there is no control log")

    def hear(self, entry):
        kind = entry["kind"]
        table = self.tables[entry["table"]] if "table" in entry and kind != "table" else None
        if (kind == "begin") != (self.tree.size == 0):
            raise Wrong("the control log does not begin, or once more")
        if kind == "begin":
            self.origin = entry["origin"]
            self.keys.append(Key(entry["public_key"]))
        elif kind == "table":
            self.tables.setdefault(entry["table"], Table(entry)).define(entry)
        elif kind == "sizes":
            for size in entry["tables"]:
                self.tables[size["table"]].grown(size["size"], hash_of(size["root"]))
        elif kind == "drop":
            del self.tables[entry["table"]]
        elif kind == "absent":
            table.absent.update(index for first, last in entry["runs"] for index in range(first, last + 1))
        elif kind == "purge":
            table.grown(entry["size"], hash_of(entry["root"]))
            under = [hold for hold, known in table.holds.items() if not known["released"]]
            table.purges[entry["purge"]] = {"rows": entry["rows"], "list": hash_of(entry["runs"]), "done": False, "under": under}
            self.purges[entry["purge"]] = table
        elif kind == "purged":
            self.purges[entry["purge"]].purges[entry["purge"]]["done"] = True
        elif kind == "kept":
            if entry["purge"] in self.purges:
                del self.purges[entry["purge"]].purges[entry["purge"]]
        elif kind == "hold":
            table.holds[entry["hold"]] = {"rows": entry["rows"], "list": hash_of(entry["runs"]), "released": False}
        elif kind == "released":
            table.holds[entry["hold"]]["released"] = True
        elif kind == "key":
            key, note = Key(entry["public_key"]), read_note(entry["note"])
            if read_checkpoint(note[0]) != (self.origin, self.tree.size, self.tree.root()):
                raise Wrong("a key takes over for another log")
            if not self.keys[-1].has_signed(note, self.origin) or not key.has_signed(note, self.origin):
                raise Wrong("a key takes over that the one before has not signed for")
            self.keys.append(key)
            self.newest_key = self.tree.size
        elif kind != "heartbeat":
            raise Wrong(f"an entry of the unknown kind {kind}")

    def in_force(self, text):
        """The key that must have signed the folder's checkpoint."""
        taking_over = self.newest_key + 1 == self.tree.size == read_checkpoint(text)[1] + 1
        return self.keys[-2:-1] if taking_over else self.keys[-1:]

    def compare(self, text, keys, what):
        """A checkpoint with the log."""
        note = read_note(text)
        origin, size, root = read_checkpoint(note[0])
        if origin != self.origin:
            raise Wrong(f"{what} is of {origin}")
        if not any(key.has_signed(note, self.origin) for key in keys):
            raise Wrong(f"{what} is not signed by the ledger's key")
        if size > self.tree.size:
            raise Wrong(f"{what} covers {size} entries, and there are {self.tree.size}")
        if root != self.roots[size]:
            raise Wrong(f"{what} is of another history")


# Tables.


def listed(path, known, what):
    """The leaf indexes that a list of runs holds."""
    content = read_file(path)
    if sha256(content) != known["list"]:
        raise Wrong(f"the list of {what} is missing or was edited")
    runs = list(struct.iter_unpack(">QQ", content))
    indexes = {index for first, last in runs for index in range(first, last + 1)}
    if len(indexes) != known["rows"]:
        raise Wrong(f"the list of {what} has {len(indexes)} rows instead of {known['rows']}")
    return indexes


def parquet_files(folder):
    for path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "_delta_log"]
        yield from (os.path.join(path, name) for name in names if name.endswith(".parquet"))


class Rows:
    """The leaves of a table's rows, as its files have them."""

    def __init__(self, table, folder, ledger):
        self.table = table
        self.leaves, self.ingests, self.problems = {}, {}, []
        self.salts = Salts(read_file(os.path.join(ledger, "salts")))
        for path in sorted(parquet_files(folder)):
            try:
                self.read(pq.ParquetFile(path))
            except (Wrong, pa.ArrowException, ValueError, OSError) as cause:
                self.problems.append(f"{os.path.basename(path)}: {cause}")

    def read(self, file):
        names = file.schema_arrow.names
        strange = set(names) - {column["name"] for column in self.table.columns} - {"_li", "_ingest_ts"}
        if strange:
            raise Wrong(f"columns were not recorded: {sorted(strange)}")
        for group in range(file.num_row_groups):
            content = file.read_row_group(group)
            columns = []
            for column in self.table.columns:
                if column["name"] in names:
                    values = content[column["name"]]
                    columns.append((u32(column["id"]), *tag_of(column["type"]), plain(values), scale_of(values.type)))
            for row, (index, ingest) in enumerate(zip(plain(content["_li"]), plain(content["_ingest_ts"]))):
                cells = ((id, tag, item, values[row], scale) for id, tag, item, values, scale in columns)
                payload = b"".join(id + tagged(tag, item, value, scale) for id, tag, item, value, scale in cells if value is not None)
                self.put(index, ingest, payload)

    def put(self, index, ingest, payload):
        if index < 1 or index in self.ingests:
            self.problems.append(f"row {index} is there twice, or has no place")
            return
        self.ingests[index] = ingest
        salt = self.salts.of(index)
        if salt is None:
            self.problems.append(f"row {index} is there without its salt")
            return
        commitment = sha256(b"LC1\0", self.table.id.bytes, salt, payload)
        self.leaves[index] = leaf_of(record(0, index, ingest, commitment))


def check_table(table, data, ledger, origin):
    """What is wrong with a table, how many rows were compared, and how many are not covered yet."""
    own = os.path.join(ledger, "tables", str(table.id))
    rows = Rows(table, os.path.join(data, "tables", str(table.id)), own)
    problems = rows.problems
    gone, may_go = set(), set()
    for purge, known in table.purges.items():
        indexes = listed(os.path.join(ledger, "purges", purge), known, f"purge {purge}")
        may_go |= indexes
        gone |= indexes if known["done"] else set()
        for hold in known["under"]:
            held = indexes & listed(os.path.join(ledger, "holds", hold), table.holds[hold], f"hold {hold}")
            if held:
                problems.append(f"purge {purge} removed rows that hold {hold} keeps: {sorted(held)[:5]}")
    for hold, known in table.holds.items():
        listed(os.path.join(ledger, "holds", hold), known, f"hold {hold}")

    genesis = sha256(b"LG1\0", table.id.bytes, origin.encode())
    size, newest = table.sizes[-1] if table.sizes else (1, leaf_of(record(1, 0, table.made, genesis)))
    removed = read_file(os.path.join(own, "removed"))
    removed = {int.from_bytes(removed[at : at + 8], "big"): removed[at + 8 : at + 40] for at in range(0, len(removed), 40)}
    tiles = read_file(os.path.join(own, "tiles"))

    def leaf(index):
        if index == 0:
            return leaf_of(record(1, 0, table.made, genesis))
        if index in rows.ingests and index in gone:
            problems.append(f"row {index} is there, and was purged")
        elif index in rows.ingests:
            return rows.leaves.get(index)
        elif index in table.absent:
            return leaf_of(record(2, index, 0, bytes(32)))
        elif index not in may_go:
            problems.append(f"row {index} is missing")
        return removed.get(index)

    recorded = dict(table.sizes)
    tree = Tree()
    for first in range(0, size, TILE):
        indexes = range(first, min(first + TILE, size))
        leaves = [leaf(index) for index in indexes]
        if len(leaves) == TILE and not any(leaves) and may_go.issuperset(indexes):
            tree.push(tiles[first // TILE * 32 :][:32], 8)
            if tree.size in recorded and recorded[tree.size] != tree.root():
                problems.append(f"the tree has another root at size {tree.size}")
            continue
        for known in leaves:
            tree.push(known or bytes(32))
            if tree.size in recorded and recorded[tree.size] != tree.root():
                problems.append(f"the tree has another root at size {tree.size}")
    if tree.root() != newest:
        problems.append(f"the tree of {size} leaves does not have the root that was recorded")
    order = [rows.ingests[index] for index in sorted(rows.ingests)]
    if order != sorted(order):
        problems.append("times of ingest run backwards")
    later = sorted(index for index in rows.ingests if index >= size)
    if later != list(range(size, size + len(later))):
        problems.append("rows were never taken in: those before them are not there")
    return problems, len(rows.ingests) - len(later), len(later)


def check_folder(data, public_key=None, kept=None):
    ledger = os.path.join(data, "ledger")
    log = Log(ledger)
    problems = []
    if public_key and Key(public_key).public not in [key.public for key in log.keys]:
        problems.append("the ledger is not signed by the key given")
    checkpoint = read_file(os.path.join(ledger, "checkpoint")).decode()
    log.compare(checkpoint, log.in_force(checkpoint), "the folder's checkpoint")
    if kept:
        with open(kept) as file:
            log.compare(file.read(), log.keys, "the checkpoint given")
    for table in log.tables.values():
        try:
            found, compared, later = check_table(table, data, ledger, log.origin)
        except Wrong as cause:
            found, compared, later = [str(cause)], 0, 0
        print(f"{table.label}: {compared} rows compared, {later} not covered yet")
        problems.extend(f"{table.label}: {problem}" for problem in found)
    return problems


def check_proof(path, public_key):
    with open(path) as file:
        body, note = (file.read().rstrip("\n") + "\n").split("\n\n", 1)
    head, extra, index, *path = body.split("\n")
    if head != "c2sp.org/tlog-proof@v1" or not extra.startswith("extra ") or not index.startswith("index "):
        raise Wrong("this is no proof")
    extra, index = base64.b64decode(extra[6:], validate=True), int(index[6:])
    shown, opening = extra[:54], extra[54:]
    note = read_note(note)
    origin, size, root = read_checkpoint(note[0])
    name, _, table = origin.rpartition("/t/")
    key = Key(public_key)
    if key.name != f"{name}/control" or not key.has_signed(note, origin):
        raise Wrong("the proof is not signed by the key given")
    ingest = struct.unpack(">q", shown[14:22])[0]
    if shown != record(0, index, ingest, shown[22:]):
        raise Wrong("the proof carries another record")
    if opening and sha256(b"LC1\0", uuid.UUID(table).bytes, opening) != shown[22:]:
        raise Wrong("the proof carries another row")
    if root_of_proof(index, size, leaf_of(shown), [hash_of(line) for line in path]) != root:
        raise Wrong("the proof does not lead to its root")
    return []


checks = {"folder": check_folder, "proof": check_proof}
try:
    problems = checks[sys.argv[1]](*sys.argv[2:])
except (Wrong, ValueError, KeyError) as cause:
    problems = [str(cause) or repr(cause)]
for problem in problems:
    print(problem)
print("wrong" if problems else "right")
sys.exit(1 if problems else 0)
