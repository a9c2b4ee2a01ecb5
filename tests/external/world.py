"""What stands around the binary in these tests: processes that are started and surely ended, and a shop that records every request."""

import http.server
import json
import os
import pathlib
import socket
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Recorder:
    """An HTTP server that answers from a table and keeps every request: what the world saw, as opposed to what we say we did."""

    def __init__(self, answers):
        self.requests = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self):
                length = int(self.headers.get("content-length", 0))
                body = self.rfile.read(length)
                recorder.requests.append({"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body})
                key = f"{self.command} {self.path.split('?')[0]}"
                status, answer = answers.get(key, (404, {"error": f"nothing at {key}"}))
                payload = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_PUT = do_DELETE = do

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def seen(self, method, path):
        return [one for one in self.requests if one["method"] == method and one["path"].split("?")[0] == path]

    def close(self):
        self.server.shutdown()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening(command, port, environment=None):
    """Starts a server and waits until its port answers."""
    process = subprocess.Popen(
        [str(part) for part in command], env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return process
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"{command} does not listen on {port}")


class Flowgate:
    """The binary with a data directory and settings of its own."""

    def __init__(self, directory, settings="", **environment):
        self.directory = pathlib.Path(directory)
        (self.directory / "flowgate.toml").write_text(settings)
        kept = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "_BASE_URL")) and not name.startswith("FLOWGATE_")}
        self.environment = {**kept, **environment, "NO_COLOR": "1"}

    def call(self, *arguments, expect=0):
        command = [os.environ["FLOWGATE_BIN"], *map(str, arguments), "--config", str(self.directory / "flowgate.toml")]
        done = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        if done.returncode != expect:
            raise AssertionError(f"{command} exited {done.returncode}, not {expect}\n{done.stdout}\n{done.stderr}")
        return done

    def json(self, *arguments, expect=0):
        return json.loads(self.call(*arguments, "-o", "json", expect=expect).stdout)

    def files_holding(self, secret):
        data = self.directory / ".flowgate"
        return [str(path) for path in data.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
