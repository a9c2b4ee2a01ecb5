"""What stands around the binary in these tests: processes that are started and surely ended, and a shop that records every request."""

import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request

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


class Models:
    """The model server; one for each test, so that its counters begin at zero. Without a fixture that matches, it answers with an error."""

    def __init__(self, programs, fixtures, *options):
        self.port = free_port()
        command = [programs / "node_modules/.bin/llmock", "-p", self.port, "-f", HERE / "fixtures" / fixtures, "--strict", "--log-level", "warn"]
        self.process = listening([*command, *options], self.port)
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def requests(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/__aimock/journal") as answer:
            journal = json.load(answer)
        return journal if isinstance(journal, list) else journal["entries"]


class Server:
    """A program that is ended with the test that started it."""

    def __init__(self, process):
        self.process = process


# The settings of whoever runs the tests must not reach the programs under test.
HIDDEN = ("CI", "CLAUDECODE", "CURSOR_TRACE_ID", "OPENAI_CODEX", "BOLT_TRACE_ID")


def clean_environment():
    return {
        name: value
        for name, value in os.environ.items()
        if not name.endswith(("_API_KEY", "_BASE_URL")) and not name.startswith(("FLOWGATE_", "FRUXON_")) and name not in HIDDEN
    }


class Flowgate:
    """The binary with a data directory and settings of its own."""

    def __init__(self, directory, settings="", **environment):
        self.directory = pathlib.Path(directory)
        (self.directory / "flowgate.toml").write_text(settings)
        self.environment = {**clean_environment(), **environment, "NO_COLOR": "1"}

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


ROOT_KEY = "root-key-of-the-external-tests-0123456789"


class Serving:
    """`flowgate serve` on a free port, over an empty data directory. Its end is part of the test: SIGTERM, and exit code 0."""

    def __init__(self, directory, **environment):
        self.directory = pathlib.Path(directory)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.directory / "serve.log"
        (self.directory / "flowgate.toml").write_text("")
        command = [os.environ["FLOWGATE_BIN"], "serve", "--listen", f"127.0.0.1:{self.port}", "--data-dir", str(self.directory / ".flowgate")]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--config", str(self.directory / "flowgate.toml")],
                env={**clean_environment(), "FLOWGATE_ROOT_KEY": ROOT_KEY, "NO_COLOR": "1", **environment},
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )
        try:
            self.wait_until_ready()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def wait_until_ready(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):
                    return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"the server is not ready\n{self.log.read_text()}")

    def request(self, method, path, body=None, raw=None, key=ROOT_KEY, headers=None, timeout_s=60):
        """One plain request: status, headers, and the body as JSON where it is JSON. For what the vendor's clients do not call."""
        data = raw if body is None else json.dumps(body).encode()
        sent = {"X-API-KEY": key} if key else {}
        if body is not None:
            sent["content-type"] = "application/json"
        asked = urllib.request.Request(self.url + path, data=data, method=method, headers={**sent, **(headers or {})})
        try:
            answer = urllib.request.urlopen(asked, timeout=timeout_s)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            payload = answer.read()
            is_json = "json" in answer.headers.get("content-type", "")
            return answer.status, answer.headers, json.loads(payload) if is_json and payload else payload

    def ok(self, method, path, body=None, **options):
        status, _, answer = self.request(method, path, body, **options)
        assert 200 <= status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def close(self):
        crashed = self.process.poll()
        assert crashed is None, f"the server ended by itself with {crashed}\n{self.log.read_text()}"
        self.process.terminate()
        try:
            code = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server does not end on SIGTERM\n{self.log.read_text()}") from None
        assert code == 0, f"the server ended with {code}\n{self.log.read_text()}"


def equal(got, wanted, what):
    assert got == wanted, f"{what}: {got!r}, not {wanted!r}"


def eventually(look, what, seconds=15):
    """Asks until the answer is true. For what another process does in its own time."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def end(thing):
    if hasattr(thing, "close"):
        thing.close()
        return
    thing.process.terminate()
    thing.process.wait(timeout=10)


def end_all(things):
    """Ends the youngest first, and every one, whatever the others do."""
    failures = []
    for thing in reversed(things):
        try:
            end(thing)
        except Exception:
            failures.append(traceback.format_exc())
    return failures


def run_tests(tests, wanted):
    """Runs each test with a directory of its own and ends what it started. Exits with 1 if one failed or none ran."""
    chosen = [(name, test) for name, test in tests.items() if name.startswith("test_") and (not wanted or name in wanted)]
    failed = []
    for name, test in chosen:
        things = []

        def started(thing):
            things.append(thing)
            return thing

        with tempfile.TemporaryDirectory() as directory:
            problems = []
            try:
                test(directory, started)
            except Exception:
                problems.append(traceback.format_exc())
                log = pathlib.Path(directory) / "serve.log"
                if log.exists():
                    problems.append(log.read_text()[-4000:])
            problems += end_all(things)
        if problems:
            failed.append(name)
            print(f"FAILED  {name}\n" + "\n".join(problems), flush=True)
        else:
            print(f"ok      {name}", flush=True)
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed", flush=True)
    sys.exit(1 if failed or not chosen else 0)
