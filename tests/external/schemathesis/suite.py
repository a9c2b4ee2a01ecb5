"""Reads our OpenAPI and tries to make an answer differ from it: schemathesis with every check, against a server with a few objects in it.

Called by tests/external/run. FLOWGATE_FUZZ_EXAMPLES sets how many requests an operation gets (default 15; by hand 200), FLOWGATE_FUZZ_SEED the seed.
Further arguments go to schemathesis: `tests/external/run schemathesis --include-path-regex approvals`.
"""

import os
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent), str(HERE.parent / "fruxon")]

from scene import PROGRAMS, Scene, desk_flow, hello_flow  # noqa: E402
from world import ROOT_KEY, end_all  # noqa: E402

ASK = {"message": "Say hello to Ada"}
TICKET = {"ticket": "Order A-1001 arrived broken"}


def upload(server, tenant):
    """One small file, in the form that browsers send."""
    boundary = "part-of-the-external-tests"
    body = (
        f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"note.txt\"\r\nContent-Type: text/plain\r\n\r\n"
        f"a note\r\n--{boundary}--\r\n"
    )
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return server.ok("POST", f"{tenant}/storage", raw=body.encode(), headers=headers)["fileId"]


def furnish(scene):
    """One of everything, and the ids under which it is found."""
    server, tenant = scene.server, scene.tenant
    scene.agent("hello", hello_flow())
    scene.agent("desk", desk_flow(scene.shop.url))
    server.ok("POST", f"{tenant}/agents/hello/revisions", hello_flow("second"))
    server.ok("PUT", f"{tenant}/agents/hello/revisions/1/draft", hello_flow("draft"))
    server.ok("POST", f"{tenant}/agents/hello/revisions/1/draft:test", {"parameters": ASK, "sessionId": "trial"})
    server.ok("PUT", f"{tenant}/agents/hello/budget?origin=TEST", {"amount": 1000})
    waiting = scene.execute("desk", TICKET)
    spare = server.ok("POST", f"{tenant}/apiKeys:generate", {"name": "spare", "scopes": ["agents:read"]})
    assert spare["apiKey"], spare
    (spare,) = [one for one in server.ok("GET", f"{tenant}/apiKeys") if one["name"] == "spare"]
    return {
        "FUZZED_EXECUTION": scene.execute("hello", ASK)["executionRecordId"],
        "FUZZED_WAITING": waiting["executionRecordId"],
        "FUZZED_APPROVAL": waiting["humanApprovalRequestId"],
        "FUZZED_ENVIRONMENT": server.ok("POST", f"{tenant}/environments", {"displayName": "Acme"})["id"],
        "FUZZED_FILE": upload(server, tenant),
        "FUZZED_SPARE_KEY": spare["id"],
    }


def fuzz(scene, directory, arguments):
    settings = {**os.environ, **furnish(scene), "FUZZED_URL": scene.server.url, "FUZZED_KEY": ROOT_KEY}
    seed = os.environ.get("FLOWGATE_FUZZ_SEED") or str(random.randrange(2**32))
    examples = os.environ.get("FLOWGATE_FUZZ_EXAMPLES", "15")
    print(f"seed {seed}, {examples} examples for each operation", flush=True)
    command = [
        PROGRAMS.resolve() / "schemathesis/bin/schemathesis", "--config-file", HERE / "schemathesis.toml", "--no-color",
        "run", f"{scene.server.url}/openapi.json", "--checks", "all", "--max-examples", examples, "--seed", seed,
        "--generation-database", "none", "--report", "junit", "--report-dir", PROGRAMS.resolve() / "schemathesis-report", *arguments,
    ]
    # Only the fuzzer's own variables: a configuration of whoever runs this must not be found.
    code = subprocess.run([str(part) for part in command], env=settings, cwd=directory).returncode
    still = scene.server.ok("GET", f"{scene.tenant}/agents")
    assert isinstance(still, list), "the server still answers, and the key still counts"
    return code


def main():
    things = []

    def started(thing):
        things.append(thing)
        return thing

    with tempfile.TemporaryDirectory() as directory:
        code = 1
        try:
            # Trying wrong keys is part of it; that too many of them are refused with 429 is what a test of the server shows.
            scene = Scene("0.8.5", directory, started, FLOWGATE_FAILURES_PER_MINUTE="1000000")
            code = fuzz(scene, directory, sys.argv[2:])
            if code:
                print(scene.server.log.read_text()[-4000:], flush=True)
        finally:
            problems = end_all(things)
            print("\n".join(problems), flush=True)
    sys.exit(1 if code or problems else 0)


if __name__ == "__main__":
    main()
