"""A folder as a bucket of an object store, as far as its readers need one: ListObjectsV2 in pages of 50, and GET.

Argument: the folder. Prints the address that it listens on, and serves `bucket` there until it is killed.
"""

import datetime
import http.server
import os
import sys
import urllib.parse
import xml.sax.saxutils

folder = sys.argv[1]
PAGE = 50


def keys():
    for path, _, names in os.walk(folder):
        yield from (os.path.relpath(os.path.join(path, name), folder) for name in names)


class Bucket(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, content, kind, modified):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", modified)
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(address.query))
        modified = datetime.datetime.now(datetime.timezone.utc)
        if "list-type" in asked:
            found = sorted(key for key in keys() if key.startswith(asked.get("prefix", "")))
            first = int(asked.get("continuation-token", 0))
            page, more = found[first : first + PAGE], len(found) > first + PAGE
            entries = "".join(
                f"<Contents><Key>{xml.sax.saxutils.escape(key)}</Key><LastModified>{modified:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
                f"<Size>{os.path.getsize(os.path.join(folder, key))}</Size></Contents>"
                for key in page
            )
            token = f"<NextContinuationToken>{first + PAGE}</NextContinuationToken>" if more else ""
            text = f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{entries}</ListBucketResult>"
            return self.answer(text.encode(), "application/xml", f"{modified:%a, %d %b %Y %H:%M:%S GMT}")
        path = os.path.join(folder, urllib.parse.unquote(address.path).removeprefix("/bucket/"))
        if not os.path.isfile(path):
            return self.send_error(404)
        with open(path, "rb") as file:
            self.answer(file.read(), "application/octet-stream", f"{modified:%a, %d %b %Y %H:%M:%S GMT}")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
