// node-postgres with pg-cursor and pg-query-stream: types, parameters, pool, portals in portions, streams, errors, notifications.

const { Client, Pool } = require("pg");
const Cursor = require("pg-cursor");
const QueryStream = require("pg-query-stream");

const say = (name, ...values) => console.log(`${name}: ${values.map((value) => JSON.stringify(value, spell)).join(" | ")}`);
const spell = (_, value) => (value && value.type === "Buffer" ? Buffer.from(value.data).toString("hex") : value);
const refused = (name, error) => console.log(`${name}: refused with ${error.code} ${error.message} ${error.position ?? ""}`.trimEnd());

const settings = { ssl: process.env.PGSSLMODE === "require" ? { rejectUnauthorized: false } : false, options: "-c TimeZone=UTC" };
const literals = [
  ["bool", "true"], ["int2", "-5"], ["int4", "7"], ["int8", "9007199254740993"], ["float4", "1.5"], ["float8", "-1e-300"],
  ["numeric", "12345678901234567890.5"], ["text", "Grüße 世界"], ["varchar(3)", "abc"], ["bytea", "\\x00ff"],
  ["uuid", "0198c0de-0000-7000-8000-00000000abcd"], ["date", "2024-02-29"], ["time", "12:34:56.5"],
  ["timestamp", "2024-02-29 12:34:56.789"], ["timestamptz", "2024-02-29 12:34:56.789+02"], ["interval", "1 day 02:03:04.5"],
  ["json", '{"a": [1]}'], ["jsonb", '{"b": 1.50, "a": null}'], ["int4[]", "{1,NULL,3}"], ["text[]", '{a,"b,c",NULL}'],
];

async function types(client) {
  for (const [type, literal] of literals) {
    const result = await client.query(`SELECT $1::text::${type} AS v, NULL::${type} AS n`, [literal]);
    say(type, result.rows[0].v, result.rows[0].n, result.fields[0].dataTypeID, result.fields[0].dataTypeModifier, typeof result.rows[0].v);
  }
  const values = [true, 7, 1.5, 2n ** 60n, "text", Buffer.from([0, 255]), { a: [1] }, [1, 2], null];
  const as = ["bool", "int4", "float8", "int8", "text", "bytea", "jsonb", "int4[]", "text"];
  for (let at = 0; at < values.length; at++) {
    const result = await client.query(`SELECT $1::${as[at]} AS v, $1 IS NULL AS is_null`, [values[at]]);
    say(`parameter ${as[at]}`, result.rows[0]);
  }
  const binary = await client.query({ text: "SELECT 1::int4 AS i, 'x'::text AS t, 1.5::float8 AS f", binary: true });
  say("binary", binary.rows);
  const array = await client.query({ text: "SELECT n, label FROM client_events ORDER BY n", rowMode: "array" });
  say("rows", array.rows, array.command, array.rowCount);
}

async function prepared(client) {
  for (let n = 0; n < 3; n++) {
    const result = await client.query({ name: "twice", text: "SELECT n, label FROM client_events WHERE n = $1", values: [n] });
    say("prepared", result.rows, result.fields.map((field) => [field.name, field.dataTypeID, field.columnID, field.format]));
  }
  const several = await client.query("SELECT 1 AS a; SELECT 2 AS b; INSERT INTO client_notes (note) VALUES ('several')");
  say("several", several.map((result) => [result.command, result.rowCount, result.rows]));
}

async function transactions(client) {
  await client.query("BEGIN");
  await client.query("INSERT INTO client_notes (note) VALUES ($1)", ["lost"]);
  say("inside", (await client.query("SELECT count(*)::int AS c FROM client_notes")).rows);
  await client.query("SELECT 1/0").catch((error) => refused("division", error));
  await client.query("SELECT 1").catch((error) => refused("in a failed transaction", error));
  await client.query("ROLLBACK");
  say("outside", (await client.query("SELECT count(*)::int AS c FROM client_notes")).rows);
  for (const text of ["SELEC", "SELECT * FROM nowhere", "SELECT nothing FROM client_events", "SELECT 'x'::int", "SELECT no_such(1)"]) {
    await client.query(text).catch((error) => refused(text, error));
    await client.query({ text, values: [] }).catch((error) => refused(`${text} again`, error));
  }
  await client.query("SELECT $1::int", ["x"]).catch((error) => refused("a bad parameter", error));
  await client.query("SELECT $1::int + $2::int", ["1"]).catch((error) => refused("too few parameters", error));
}

async function cursors(client) {
  const cursor = client.query(new Cursor("SELECT g FROM generate_series(1, $1::int) AS g", [250]));
  const lengths = [];
  for (;;) {
    const rows = await cursor.read(100);
    lengths.push(rows.length);
    if (rows.length === 0) break;
  }
  say("portions", lengths);
  const early = client.query(new Cursor("SELECT g FROM generate_series(1, 1000000) AS g"));
  say("first", await early.read(2));
  await early.close();
  const failing = client.query(new Cursor("SELECT 10 / (5 - g) AS v FROM generate_series(1, 10) AS g"));
  await failing.read(100).then((rows) => say("failing", rows), (error) => refused("failing", error));
  await failing.close().catch(() => {});
  let sum = 0;
  const stream = client.query(new QueryStream("SELECT g FROM generate_series(1, 5000) AS g", [], { batchSize: 64, highWaterMark: 10 }));
  for await (const row of stream) sum += row.g;
  say("streamed", sum);
  const cut = client.query(new QueryStream("SELECT g FROM generate_series(1, 100000000) AS g", [], { batchSize: 10 }));
  for await (const row of cut) if (row.g === 25) break;
  say("left early", (await client.query("SELECT 1 AS one")).rows);
}

async function pools(client) {
  say("zone", (await client.query("SHOW TimeZone")).rows);
  const pool = new Pool({ ...settings, max: 4 });
  const answers = await Promise.all([...Array(20).keys()].map((n) => pool.query("SELECT $1::int AS n", [n])));
  say("pool", answers.map((answer) => answer.rows[0].n));
  const stopped = await pool.connect();
  await stopped.query("SET statement_timeout = 200");
  await stopped.query("SELECT pg_sleep(60)").catch((error) => refused("timed out", error));
  stopped.release();
  await pool.end();
}

async function notifications(client) {
  const heard = new Promise((resolve) => client.once("notification", (message) => resolve([message.channel, message.payload])));
  await client.query("LISTEN client_news");
  const other = new Client(settings);
  await other.connect();
  await other.query("NOTIFY client_news, 'hello'");
  say("notified", await heard);
  await other.end();
}

async function main() {
  for (const part of [types, prepared, transactions, cursors, pools, notifications]) {
    console.log(`-- ${part.name}`);
    const client = new Client(settings);
    await client.connect();
    await part(client).catch((error) => console.log(`failed: ${part.name}: ${error.code} ${error.message}`));
    await client.end();
  }
  console.log("done");
}

main().catch((error) => {
  console.log(error);
  process.exit(1);
});
