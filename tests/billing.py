"""billing.py: a service that takes batches of JSON and bills their rows.

Serves HTTP on a free port of 127.0.0.1 and writes the port to the file "port".
POST /batch takes an array of at most ROWS objects and BYTES bytes, whose
length is told in advance, with an Idempotency-Key; it bills each row once per
key, and answers a CSV of id and price.  Every third call fails before the work
is done; every fifth does the work and drops the connection.  GET /bill answers
how many rows were billed and how many of them are different, as "N M".
"""
import http.server
import json
import os
import threading

ROWS = 500
BYTES = 20000
lock = threading.Lock()
billed = []
seen = set()
calls = 0


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with lock:
            self.reply(200, f"{len(billed)} {len(set(billed))}\n")

    def do_POST(self):
        global calls
        with lock:
            calls += 1
            call = calls
        if "Content-Length" not in self.headers:
            self.close_connection = True
            return self.reply(411, "length required\n")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if call % 3 == 0:
            return self.reply(503, "try again\n")
        rows = json.loads(body)
        if len(rows) > ROWS or len(body) > BYTES:
            return self.reply(413, "too large\n")
        with lock:
            if self.headers["Idempotency-Key"] not in seen:
                seen.add(self.headers["Idempotency-Key"])
                billed.extend(row["id"] for row in rows)
        if call % 5 == 0:
            self.close_connection = True
            return None
        lines = [f"{row['id']},{len(row['name'])}\n" for row in rows]
        return self.reply(200, "id,price\n" + "".join(lines))

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
with open("port.part", "w") as f:
    f.write(str(server.server_address[1]))
os.rename("port.part", "port")
server.serve_forever()
