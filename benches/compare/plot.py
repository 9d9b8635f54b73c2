"""Draws what the driver found as SVG: a group of bars for each query, on a logarithmic scale, without a library.

Arguments: the driver's file, and the file to draw into.
"""

import json
import math
import sys
from html import escape

PEERS = {
    "annals": ("Annals", "#c2410c"),
    "postgres": ("PostgreSQL", "#336791"),
    "duckdb": ("DuckDB", "#b8a100"),
    "clickhouse": ("ClickHouse", "#6b7280"),
}
LABEL, CHART, RIGHT, TOP = 330, 720, 70, 56
BAR, GAP = 9, 9


def label(ms):
    return f"{ms:.2f}" if ms < 1 else f"{ms:.1f}" if ms < 100 else f"{ms:,.0f}"


def text(x, y, words, anchor="start", size=12, colour="#111", weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}" font-weight="{weight}">'
        f"{escape(words)}</text>"
    )


def drawn(queries):
    peers = [peer for peer in PEERS if any("ms" in query["peers"].get(peer, {}) for query in queries)]
    times = [query["peers"][peer]["ms"] for query in queries for peer in peers if "ms" in query["peers"].get(peer, {})]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    height = TOP + sum(len(peers) * BAR + GAP for _ in queries) + 30
    width = LABEL + CHART + RIGHT

    def place(ms):
        return LABEL + CHART * (math.log10(ms) - low) / max(1, high - low)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    x = LABEL
    for peer in peers:
        name, colour = PEERS[peer]
        out.append(f'<rect x="{x}" y="10" width="12" height="12" fill="{colour}"/>')
        out.append(text(x + 17, 20, name))
        x += 110
    out.append(text(LABEL - 10, 20, "median, milliseconds", "end", weight="bold"))
    for power in range(low, high + 1):
        x = place(10.0**power)
        out.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 20}" stroke="#ddd"/>')
        out.append(text(x, TOP - 14, f"{10.0**power:g}", "middle", 11, "#555"))
    y = TOP
    for query in queries:
        out.append(text(LABEL - 10, y + len(peers) * BAR / 2 + 4, query["name"], "end"))
        for peer in peers:
            ms = query["peers"].get(peer, {}).get("ms")
            if ms is None:
                out.append(text(LABEL + 3, y + BAR - 1, f"{PEERS[peer][0]}: no answer", size=8, colour="#888"))
            else:
                length = max(1.0, place(ms) - LABEL)
                out.append(f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR - 1}" fill="{PEERS[peer][1]}"/>')
                out.append(text(LABEL + length + 3, y + BAR - 2, label(ms), size=8, colour="#555"))
            y += BAR
        y += GAP
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        queries = [query for query in json.load(file)["queries"] if any("ms" in found for found in query["peers"].values())]
    if not queries:
        sys.exit("nothing was measured, so there is nothing to draw")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(drawn(queries))


main()
