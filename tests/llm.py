"""llm.py: a service that answers batches of prompts, later and in any order.

Serves HTTP on a free port of 127.0.0.1 and writes the port to the file "port".
POST /files takes JSONL, at most 50000 requests and 200 MB; POST /batches starts
a job on a file; GET /batches lists the jobs; GET /batches/ID tells how it is, which
takes TURN seconds; GET /files/ID/content gives results or errors.  Of 1000
requests 10 fail and 5 expire.  GET /bill answers how many requests were taken
and how many of them are different, as "N M".
"""
import http.server
import json
import os
import random
import threading
import time

TURN = float(os.environ.get("TURN", "2"))
lock = threading.Lock()
files = {}
jobs = {}
billed = []


def results(requests, seed):
    """The results and the errors of a job, each as JSONL."""
    chance = random.Random(seed)
    good, bad = [], []
    for request in requests:
        answer = {"custom_id": request["custom_id"], "error": None}
        prompt = request["body"]["messages"][0]["content"]
        luck = chance.random()
        if luck < .01:
            answer["response"] = {"status_code": 500, "body": {"error": "no"}}
        elif luck < .015:
            answer["response"] = None
            answer["error"] = {"code": "batch_expired"}
        else:
            text = {"content": f'to: {prompt},\n"ok"'}
            answer["response"] = {
                "status_code": 200, "body": {"choices": [{"message": text}]}}
        (bad if luck < .015 else good).append(json.dumps(answer) + "\n")
    chance.shuffle(good)
    return "".join(good).encode(), "".join(bad).encode()


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, value, status=200):
        body = value
        if not isinstance(value, bytes):
            body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            if self.path == "/files":
                if body.count(b"\n") > 50000 or len(body) > 200000000:
                    return self.reply({"error": "too large"}, 400)
                name = f"file-{len(files)}"
                files[name] = body
                return self.reply({"id": name})
            job = json.loads(body)
            requests = [json.loads(line) for line in
                        files[job["input_file_id"]].splitlines()]
            names = [request["custom_id"] for request in requests]
            if len(set(names)) != len(names):
                return self.reply({"error": "twice the same"}, 400)
            billed.extend(names)
            job["id"] = f"batch-{len(jobs)}"
            files[job["id"] + "-good"], files[job["id"] + "-bad"] = results(
                requests, job["id"])
            job["ready"] = time.time() + TURN
            jobs[job["id"]] = job
            return self.reply({"id": job["id"]})

    def do_GET(self):
        what, _, name = self.path[1:].partition("/")
        with lock:
            if what == "bill":
                text = f"{len(billed)} {len(set(billed))}\n"
                return self.reply(text.encode())
            if what == "files":
                return self.reply(files[name.split("/")[0]])
            if not name:
                return self.reply({"data": list(jobs.values())})
            if time.time() < jobs[name]["ready"]:
                return self.reply({"status": "in_progress"})
            return self.reply({
                "status": "completed", "output_file_id": name + "-good",
                "error_file_id": name + "-bad"})

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
with open("port.part", "w") as f:
    f.write(str(server.server_address[1]))
os.rename("port.part", "port")
server.serve_forever()
