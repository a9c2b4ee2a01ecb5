"""Runs the flows of the repository with the real binary against real programs. Called by tests/external/run."""

import json
import pathlib
import sys

from world import Flowgate, Models, Recorder, Server, equal, free_port, listening, run_tests

PROGRAMS = pathlib.Path(sys.argv[1])
SECRET = "canary-4f1d9c"
ORDER = {"id": "A-1001", "customer": "Ada Example", "total": 42.5, "currency": "EUR"}


def test_a_refund_on_the_openai_wire(directory, started):
    """One order looked up, one refund paid with the approved bytes, usage counted, the secret nowhere on disk."""
    models = started(Models(PROGRAMS, "refund.json"))
    shop = started(Recorder({"GET /orders/A-1001": (200, ORDER), "POST /refunds": (201, {"refund": "R-1"})}))
    flowgate = Flowgate(
        directory, OPENAI_API_KEY="test", OPENAI_BASE_URL=models.url, FLOWGATE_OUTBOUND_ALLOW="127.0.0.1", FLOWGATE_SECRET_SHOP_TOKEN=SECRET
    )
    result = flowgate.json(
        "run", "flows/refund-review.yaml", "-p", "order_id=A-1001", "-p", "message=It arrived broken",
        "--set", f"config.shop_url={shop.url}", "--approve", "all",
    )
    equal(result["status"], "COMPLETED", "status")
    equal(result["output"], "Your refund is on its way.", "output")
    equal(len(models.requests()), 2, "model requests")
    equal(len(shop.seen("GET", "/orders/A-1001")), 1, "orders looked up")
    (refund,) = shop.seen("POST", "/refunds")
    equal(json.loads(refund["body"]), {"order": "A-1001", "amount": 42.5}, "refund")
    headers = {name.lower(): value for name, value in refund["headers"].items()}
    equal(headers["authorization"], f"Bearer {SECRET}", "authorization")
    assert headers["idempotency-key"], "the refund carries an idempotency key"
    equal(result["tokens"], 30 + 60, "tokens, as the fixtures state them")
    equal(flowgate.files_holding(SECRET), [], "files that hold the secret")


def test_a_rejection_pays_nothing(directory, started):
    models = started(Models(PROGRAMS, "refund.json"))
    shop = started(Recorder({"GET /orders/A-1001": (200, ORDER), "POST /refunds": (201, {"refund": "R-1"})}))
    flowgate = Flowgate(
        directory, OPENAI_API_KEY="test", OPENAI_BASE_URL=models.url, FLOWGATE_OUTBOUND_ALLOW="127.0.0.1", FLOWGATE_SECRET_SHOP_TOKEN=SECRET
    )
    waiting = flowgate.json(
        "run", "flows/refund-review.yaml", "-p", "order_id=A-1001", "-p", "message=It arrived broken",
        "--set", f"config.shop_url={shop.url}", "--approve", "none", expect=3,
    )
    equal(waiting["status"], "WAITING_FOR_HUMAN", "status")
    (question,) = flowgate.json("approval", "list")
    flowgate.call("approval", "reject", question["id"], "--reason", "not covered")
    result = flowgate.json("exec", "resume", waiting["id"])
    equal(result["status"], "COMPLETED", "status")
    equal(shop.seen("POST", "/refunds"), [], "refunds")


def test_a_429_is_retried_and_counted(directory, started):
    """The engine retries, nobody below it: exactly three requests for two model steps."""
    models = started(Models(PROGRAMS, "refund-throttled.json"))
    shop = started(Recorder({"GET /orders/A-1001": (200, ORDER)}))
    flowgate = Flowgate(
        directory, OPENAI_API_KEY="test", OPENAI_BASE_URL=models.url, FLOWGATE_OUTBOUND_ALLOW="127.0.0.1", FLOWGATE_SECRET_SHOP_TOKEN=SECRET
    )
    result = flowgate.json(
        "run", "flows/refund-review.yaml", "-p", "order_id=A-1001", "-p", "message=Where is my parcel?",
        "--set", f"config.shop_url={shop.url}", "--approve", "none",
    )
    equal(result["status"], "COMPLETED", "status")
    equal(len(models.requests()), 3, "model requests")
    attempts = [one for one in flowgate.json("exec", "trace", result["id"])["attempts"] if one["step"] == "classify"]
    equal([one["attempt"] for one in attempts], [1, 2], "attempts at classify")


def test_an_agent_calls_tools_and_asks_before_the_gated_one(directory, started):
    models = started(Models(PROGRAMS, "triage.json"))
    desk = started(
        Recorder({
            "GET /customers/C-31": (200, {"id": "C-31", "plan": "team"}),
            "POST /credits": (201, {"credit": "CR-9"}),
            "POST /answers": (200, {"sent": True}),
        })
    )
    flowgate = Flowgate(
        directory, OPENAI_API_KEY="test", OPENAI_BASE_URL=models.url, FLOWGATE_OUTBOUND_ALLOW="127.0.0.1", FLOWGATE_SECRET_DESK_TOKEN=SECRET
    )
    waiting = flowgate.json(
        "run", "flows/support-triage.yaml", "-p", "customer=C-31", "-p", "ticket=My invoice is wrong",
        "--set", f"config.desk_url={desk.url}", "--approve", "none", expect=3,
    )
    equal(len(desk.seen("GET", "/customers/C-31")), 1, "customers looked up")
    equal(desk.seen("POST", "/credits"), [], "credits before the approval")
    (question,) = flowgate.json("approval", "list")
    flowgate.call("approval", "approve", question["id"])
    result = flowgate.json("exec", "resume", waiting["id"])
    equal(result["status"], "COMPLETED", "status")
    (credit,) = desk.seen("POST", "/credits")
    equal(json.loads(credit["body"]), {"customer": "C-31", "amount": 80, "reason": "Invoice 2041 was charged twice"}, "credit")
    equal(len(models.requests()), 3, "turns of the model")


def test_a_contract_on_the_anthropic_wire_from_a_real_mcp_server(directory, started):
    models = started(Models(PROGRAMS, "contract.json"))
    contracts = pathlib.Path(directory) / "contracts"
    contracts.mkdir()
    (contracts / "acme.txt").write_text("1. Liability is unlimited.\n2. Thirty days' notice.\n")
    server = PROGRAMS / "node_modules/.bin/mcp-server-filesystem"
    settings = f"[mcp.files]\ncommand = {json.dumps(str(server))}\nargs = [{json.dumps(str(contracts))}]\n"
    flowgate = Flowgate(directory, settings, ANTHROPIC_API_KEY="test", ANTHROPIC_BASE_URL=models.url)
    waiting = flowgate.json(
        "run", "flows/contract-review.yaml", "-p", f"path={contracts / 'acme.txt'}", "--approve", "none", "--as", "ana", expect=3
    )
    (question,) = flowgate.json("approval", "list")
    flowgate.call("approval", "approve", question["id"], "--as", "bob")
    result = flowgate.json("exec", "resume", waiting["id"])
    equal(result["status"], "COMPLETED", "status")
    equal(result["output"]["verdict"], "accepted", "verdict")
    equal([clause["risk"] for clause in result["output"]["clauses"]], ["high", "low"], "risks, in the order of the clauses")
    read = [one for one in flowgate.json("exec", "trace", result["id"])["attempts"] if one["step"] == "read"]
    assert "Liability is unlimited." in json.dumps(read[0]["output"]), read


def test_mcp_over_stdio_and_over_http(directory, started):
    """Three official servers, two transports, one flow."""
    port = free_port()
    everything = PROGRAMS / "node_modules/.bin/mcp-server-everything"
    started(Server(listening([everything, "streamableHttp"], port, {"PORT": str(port)})))
    settings = "\n".join([
        "[mcp.local]", f"command = {json.dumps(str(everything))}", 'args = ["stdio"]',
        "[mcp.remote]", f'url = "http://127.0.0.1:{port}/mcp"',
        "[mcp.time]", f"command = {json.dumps(str(PROGRAMS / 'venv/bin/mcp-server-time'))}", "",
    ])
    result = Flowgate(directory, settings).json("run", "tests/external/flows/mcp-tools.yaml", "-p", "message=hello")
    equal(result["status"], "COMPLETED", "status")
    assert "hello" in json.dumps(result["output"]["echo"]), result
    assert "5" in json.dumps(result["output"]["sum"]), result
    assert "Asia/Tokyo" in json.dumps(result["output"]["time"]), result


if __name__ == "__main__":
    run_tests(dict(globals()), sys.argv[2:])
