"""The vendor's client and command line of the key era (0.8.5), unchanged, against the server. Called by tests/external/run."""

import json
import sys

from scene import (
    CONFLICT, HELLO, HELLO_BOB, HELLO_PARAMETERS, INVALID, NOT_FOUND, OTHER, SERVER_ERROR, SIGN_IN, TENANT, Scene, hello_flow,
    raises,
)

from fruxon.exceptions import AuthenticationError, FruxonAPIError, InsufficientScopeError, NotFoundError, StaleDraftError, ValidationError
from fruxon.fruxon import FruxonClient
from world import ROOT_KEY, equal, eventually, run_tests

# One greeting: 20 tokens in and 10 out, at 0.25 and 2 dollars a million.
INPUT_COST, OUTPUT_COST = 0.000005, 0.00002
MISSING = "00000000-0000-7000-8000-000000000000"


class KeyEra(Scene):
    def __init__(self, directory, started, *model_options):
        super().__init__("0.8.5", directory, started, *model_options)
        self.client = self.client_with(ROOT_KEY)
        self.fruxon("login", "--api-key", ROOT_KEY, "--org", TENANT, "--base-url", self.server.url)

    def client_with(self, key):
        return FruxonClient(api_key=key, org=TENANT, base_url=self.server.url, actor="story")

    def records(self, agent, query=""):
        return self.server.ok("GET", f"{self.tenant}/agents/{agent}/executionRecords{query}")["items"]


def close_to(got, wanted, what):
    assert abs(float(got) - wanted) < 1e-9, f"{what}: {got!r}, not {wanted!r}"


def test_sign_in(directory, started):
    story = KeyEra(directory, started)
    who = story.fruxon.json("whoami")
    equal((who["signed_in"], who["org"], who["base_url"]), (True, TENANT, story.server.url), "who is signed in")
    assert who["current_key"]["scopes"], who
    assert story.client.get_current_api_key()["isActive"], "the root key is active"

    # Its overall verdict also speaks of the machine it runs on; what it says of the server is what counts.
    checks = {one["title"]: one for one in story.fruxon.json("doctor", expect=(0, INVALID))["checks"]}
    for title in ("API reachability", "Authenticated probe", "API key expiry"):
        equal(checks[title]["status"], "ok", f"{title}: {checks[title]}")
    assert checks["Authenticated probe"]["payload"]["scopes"], checks["Authenticated probe"]

    story.fruxon("login", "--api-key", "not-a-key", "--org", TENANT, "--base-url", story.server.url)
    story.fruxon("agents", "list", expect=SIGN_IN)
    story.fruxon("logout")
    story.fruxon("agents", "list", expect=SIGN_IN)
    raises(AuthenticationError, story.client_with("not-a-key").list_agents)
    other = FruxonClient(api_key=ROOT_KEY, org="elsewhere", base_url=story.server.url)
    assert raises(FruxonAPIError, other.list_agents).status in (403, 404), "a tenant that is not the key's"


def test_keys(directory, started):
    story = KeyEra(directory, started)
    known = story.fruxon.json("keys", "scopes")
    scopes = {one["id"]: one for one in known["scopes"]}
    assert {"agents:read", "agents:write", "agents:deploy", "executions:run", "approvals:decide"} <= set(scopes), sorted(scopes)
    equal((scopes["agents:read"]["resource"], scopes["agents:read"]["action"]), ("agents", "read"), "a scope in parts")
    for preset in known["presets"]:
        assert preset["scopes"] and set(preset["scopes"]) <= set(scopes) and preset["label"], preset

    made = story.client.generate_api_key({"name": "reader", "scopes": ["agents:read"], "expirationDays": 30})
    secret = made["apiKey"]
    listed = {one["name"]: one for one in story.fruxon.json("keys", "list")}
    reader = listed["reader"]
    assert "apiKey" not in reader and secret not in json.dumps(listed), "a key is shown once"
    assert reader["isActive"] and secret.startswith(reader["keyPrefix"]), reader
    equal(reader["scopes"], ["agents:read"], "scopes")
    assert reader["expiresAt"] > reader["createdAt"], reader
    assert reader["id"] in story.fruxon("keys", "list", "--output", "id").stdout.split(), "ids, one a line"

    limited = story.client_with(secret)
    equal(limited.list_agents(), [], "what the reader may")
    refusal = raises(InsufficientScopeError, limited.create_agent, {"id": "no", "displayName": "No", "type": "AGENT"})
    equal((refusal.required, refusal.granted), ("agents:write", ["agents:read"]), "what the reader lacks")
    assert refusal.hint, "a hint"
    equal(story.client.list_agents(), [], "agents after the refusal")

    rotated = story.client.rotate_api_key(reader["id"])
    raises(AuthenticationError, limited.list_agents)
    fresh = story.client_with(rotated["apiKey"])
    equal(fresh.list_agents(), [], "what the rotated key may")
    by_id = {one["id"]: one for one in story.client.list_api_keys()}
    assert not by_id[reader["id"]]["isActive"], "the old key is revoked"
    (active,) = [one for one in by_id.values() if one["name"] == "reader" and one["isActive"]]
    assert active["id"] != reader["id"], "a new id"

    story.fruxon("keys", "revoke", active["keyPrefix"])
    raises(AuthenticationError, fresh.list_agents)
    events = [one["eventType"] for one in story.fruxon.json("keys", "history", active["id"])]
    assert "MINTED" in events or "ROTATED" in events, events
    assert {"REVOKED", "USED_WHILE_REVOKED"} <= set(events), events
    shown = story.fruxon("keys", "history", active["id"], "--limit", "1").stderr
    equal(sum(kind in shown for kind in ("MINTED", "ROTATED", "REVOKED", "USED_WHILE_REVOKED")) >= 1, True, f"one event shown: {shown}")
    equal(len(story.client.list_api_key_audit_events(active["id"], limit=1)), 1, "events under a limit of one")

    story.fruxon("keys", "delete", active["id"], "--yes")
    assert active["id"] not in {one["id"] for one in story.client.list_api_keys()}, "the deleted key is gone"
    assert story.client.list_api_key_audit_events(active["id"]), "its audit trail stays"


def test_agents(directory, started):
    story = KeyEra(directory, started)
    equal(story.fruxon.json("agents", "list"), [], "agents at first")
    body = story.fruxon.file("hello.json", {"id": "hello", "displayName": "Hello", "description": "Greets", "type": "AGENT", "tags": ["demo"]})
    made = story.fruxon.json("agents", "create", "--file", body)
    equal((made["id"], made["enabled"], made["currentRevision"]), ("hello", True, 0), "the new agent")
    shown = story.fruxon.json("agents", "get", "hello")
    equal((shown["displayName"], shown["description"], shown["tags"], shown["parameters"]), ("Hello", "Greets", ["demo"], []), "the agent")
    equal([one["id"] for one in story.fruxon.json("agents", "list")], ["hello"], "agents")
    equal(story.fruxon("agents", "list", "--output", "id").stdout.split(), ["hello"], "ids")
    assert "hello" in story.fruxon("agents", "list").stderr, "the table"

    story.fruxon("agents", "create", "--file", body, expect=CONFLICT)
    for bad in ("Hello", "9lives", "a b", "x", "../up"):
        refused = story.fruxon.file("bad.json", {"id": bad, "displayName": "Bad", "type": "AGENT"})
        story.fruxon("agents", "create", "--file", refused, expect=INVALID)
    unknown = story.fruxon.file("unknown.json", {"id": "other", "displayName": "Other", "type": "AGENT", "nonsense": 1})
    story.fruxon("agents", "create", "--file", unknown, expect=INVALID)
    assert "hello" in story.fruxon("agents", "get", "helo", expect=NOT_FOUND).stderr, "the near name is offered"
    nothing = story.fruxon("run", "hello", "-p", "message=x", "--no-stream", expect=NOT_FOUND)
    assert "no deployed revision" in nothing.stderr, nothing.stderr
    equal(story.records("hello"), [], "nothing ran")


def test_revisions(directory, started):
    story = KeyEra(directory, started)
    story.server.ok("POST", f"{story.tenant}/agents", {"id": "hello", "displayName": "Hello", "type": "AGENT"})
    sent = hello_flow()
    first = story.fruxon.json("agents", "revisions", "create", "hello", "--file", story.fruxon.file("first.json", sent))
    equal(first["agentRevision"], 1, "the first revision")
    equal(story.client.get_agent("hello").current_revision, 1, "the first revision becomes current")
    kept = json.loads(story.fruxon("agents", "revisions", "get", "hello").stdout)
    equal(kept["flow"], sent["flow"], "the flow, as it was sent")
    equal(kept["comment"], "first", "comment")

    equal(story.fruxon.json("agents", "get", "hello")["parameters"], ["message", "language"], "parameters in order")
    schema = json.loads(story.fruxon("agents", "schema", "hello", "--revision", "1").stdout)
    by_name = {one["name"]: one for one in schema["metadata"]}
    equal(by_name["message"]["required"], True, "required")
    equal([one["value"] for one in by_name["language"]["options"]], ["en", "de"], "options")
    equal(story.fruxon.json("agents", "validate", "hello", "-p", "message=hi")["valid"], True, "a valid payload")
    problems = story.fruxon.json("agents", "validate", "hello", "-p", "language=fr", expect=INVALID)["errors"]
    equal(sorted(one["code"] for one in problems), ["invalid_option", "missing_required"], "what is wrong with the payload")

    # What was read can be edited and sent back: what the server stamped is ignored.
    kept["comment"] = "second"
    kept["flow"]["steps"][1]["systemPrompt"]["template"] = "You greet people warmly."
    second = story.fruxon.json("agents", "revisions", "create", "hello", "--file", story.fruxon.file("second.json", kept))
    equal(second["agentRevision"], 2, "the second revision")
    equal(story.client.get_agent("hello").current_revision, 1, "a later revision waits for its deployment")
    story.fruxon("agents", "revisions", "deploy", "hello", 2)
    third = story.fruxon.json("agents", "revisions", "create", "hello", "--deploy", "--file", story.fruxon.file("third.json", hello_flow("third")))
    equal(story.client.get_agent("hello").current_revision, third["agentRevision"], "--deploy")
    story.client.deploy_revision("hello", 1)
    equal(story.client.get_agent("hello").current_revision, 1, "rolled back")
    equal(story.client.get_revision("hello", 2)["comment"], "second", "revisions stay")
    raises(NotFoundError, story.client.get_revision, "hello", 99)
    raises(NotFoundError, story.client.deploy_revision, "hello", 99)

    rows = story.server.ok("GET", f"{story.tenant}/agents/hello/revisions")
    rows = rows if isinstance(rows, list) else rows["items"]
    equal(sorted((one["revision"], one["isCurrent"]) for one in rows), [(1, True), (2, False), (3, False)], "rows of revisions")
    equal({one["revision"]: one["actor"] for one in rows}[1], "cli", "the tool that wrote it")
    deploys = story.server.ok("GET", f"{story.tenant}/agents/hello/revisions/deploys")
    deploys = deploys if isinstance(deploys, list) else deploys["items"]
    moves = sorted((one["createdAt"], one["previousRevision"], one["targetRevision"]) for one in deploys)
    equal([(was or 0, now) for _, was, now in moves], [(0, 1), (1, 2), (2, 3), (3, 1)], "deployments")
    assert all(one["status"] == "SUCCESS" for one in deploys), deploys


def test_a_wrong_revision_is_refused_with_every_problem(directory, started):
    story = KeyEra(directory, started)
    story.hello()
    broken = hello_flow()
    broken["flow"]["steps"][1]["userPrompt"]["template"] = "{{param.nobody}} {{step.nowhere}}"
    broken["flow"]["edges"].append({"source": "greet", "target": "lost"})
    refused = story.fruxon("agents", "revisions", "create", "hello", "--file", story.fruxon.file("broken.json", broken), expect=INVALID).stderr
    for name in ("nobody", "nowhere", "lost"):
        assert name in refused, f"{name} is not named in {refused}"
    busy = {**hello_flow(), "connectors": [{"id": "mail"}]}
    assert "connectors" in str(raises(ValidationError, story.client.create_revision, "hello", busy)), "content without a meaning is named"
    equal(story.client.get_agent("hello").current_revision, 1, "nothing was created")
    raises(NotFoundError, story.client.get_revision, "hello", 2)


def test_run(directory, started):
    story = KeyEra(directory, started)
    story.hello()
    ask = ("run", "hello", "-p", "message=Say hello to Ada")
    equal(story.fruxon(*ask, "--no-stream").stdout.strip(), HELLO, "--no-stream")
    equal(story.fruxon(*ask, "--stream").stdout.strip(), HELLO, "--stream")
    result = story.fruxon.json(*ask)
    equal(result["response"], HELLO, "--output json")
    equal((result["trace"]["agentId"], result["trace"]["agentRevision"], result["links"]), ("hello", 1, []), "trace and links")
    close_to(result["trace"]["inputCost"], INPUT_COST, "cost of the input")
    close_to(result["trace"]["outputCost"], OUTPUT_COST, "cost of the output")
    close_to(result["trace"]["totalCost"], INPUT_COST + OUTPUT_COST, "cost")
    assert result["sessionId"] and result["executionRecordId"], result

    story.client.create_revision("hello", hello_flow("second"))
    equal(story.fruxon.json(*ask, "--revision", "2")["trace"]["agentRevision"], 2, "--revision, deployed or not")
    equal(story.fruxon.json(*ask)["trace"]["agentRevision"], 1, "the deployed one")
    story.fruxon(*ask, "--revision", "99", expect=NOT_FOUND)
    equal(len(story.models.requests()), 5, "requests to the model")

    refused = story.fruxon("run", "hello", "--no-stream", "-p", "language=de", expect=INVALID).stderr
    assert "-p message=" in refused, f"the missing parameter is named: {refused}"
    story.fruxon("run", "hello", "--stream", "-p", "language=de", expect=INVALID)
    story.fruxon(*ask, "--no-stream", "-p", "language=fr", expect=INVALID)
    story.fruxon("run", "nobody", "--no-stream", "-p", "message=x", expect=NOT_FOUND)
    raises(ValidationError, story.client.execute, "hello", parameters={"message": "x", "nonsense": 1})
    equal(len(story.models.requests()), 5, "requests to the model after the refusals")


def test_streams(directory, started):
    story = KeyEra(directory, started)
    story.hello()
    events = story.fruxon.events("run", "hello", "-p", "message=Say hello to Ada")
    equal((events[0]["type"], events[-1]["type"]), ("start", "done"), "first and last")
    pieces = [one["delta"] for one in events if one["type"] == "text"]
    assert len(pieces) > 1, f"the text comes in pieces: {pieces}"
    equal("".join(pieces), HELLO, "the pieces together")
    usage = [one for one in events if one["type"] == "usage"]
    equal((sum(one["input_tokens"] for one in usage), sum(one["output_tokens"] for one in usage)), (20, 10), "usage")
    done = events[-1]
    equal(done["agent_revision"], 1, "revision")
    close_to(done["total_cost"], INPUT_COST + OUTPUT_COST, "cost")
    equal(story.client.get_execution_record("hello", done["record_id"]).status, "COMPLETED", "its record")
    equal("".join(story.client.stream_text("hello", parameters={"message": "Say hello to Ada"})), HELLO, "stream_text")

    # The model refuses a message that no fixture knows: the stream says so, and the command fails.
    failed = story.fruxon.events("run", "hello", "-p", "message=Unheard of", expect=SERVER_ERROR)
    equal([one["type"] for one in failed if one["type"] in ("error", "done")], ["error"], "how a failure ends")
    assert failed[-1].get("code"), failed


def test_sessions(directory, started):
    story = KeyEra(directory, started)
    story.hello()
    first = story.client.execute("hello", parameters={"message": "Say hello to Ada"})
    second = story.client.execute("hello", parameters={"message": "And to Bob?"}, session_id=first.session_id)
    equal(second.session_id, first.session_id, "session")
    equal(second.response, HELLO_BOB, "an answer that knows what went before")
    sent = story.models.requests()[-1]["body"]["messages"]
    equal([one["role"] for one in sent], ["system", "user", "assistant", "user"], "what the model was sent")
    equal(sent[2]["content"], HELLO, "the answer before")

    talk = story.fruxon("chat", "hello", "--input-key", "message", lines="Say hello to Ada\nAnd to Bob?\n/session\n/exit\n")
    assert HELLO in talk.stdout and HELLO_BOB in talk.stdout, talk.stdout


def test_trace(directory, started):
    story = KeyEra(directory, started)
    story.hello()
    result = story.client.execute("hello", parameters={"message": "Say hello to Ada"})
    seen = story.fruxon.json("trace", "hello", result.execution_record_id)
    record = seen["record"]
    equal((record["status"], record["agentRevision"], record["agentId"]), ("COMPLETED", 1, "hello"), "record")
    equal((record["inputTokens"], record["outputTokens"]), (20, 10), "tokens")
    close_to(record["totalCost"], INPUT_COST + OUTPUT_COST, "cost")
    assert 0 < record["startTime"] <= record["endTime"], record
    equal(seen["trace"]["status"], "COMPLETED", "status in the envelope")

    def models_of(steps):
        for step in steps:
            if step.get("llmStepTrace"):
                yield step["llmStepTrace"]["providerId"], step["llmStepTrace"]["model"]
            yield from models_of(step.get("steps") or [])

    equal(list(models_of(seen["trace"]["trace"]["traces"])), [("openai", "gpt-5-mini")], "models in the trace")
    text = story.fruxon("trace", "hello", result.execution_record_id).stderr
    assert "COMPLETED" in text and "step(s)" in text, text
    summary = story.fruxon.json("trace", "hello", result.execution_record_id, "--summary-only")
    equal(sorted(summary), ["record"], "--summary-only")
    story.fruxon("trace", "hello", MISSING, expect=NOT_FOUND)
    story.agent("other", hello_flow())
    story.fruxon("trace", "other", result.execution_record_id, expect=NOT_FOUND)


def test_a_run_that_waits_for_a_person(directory, started):
    story = KeyEra(directory, started)
    story.desk()
    ask = ("run", "desk", "-p", "ticket=Order A-1001 arrived broken")
    plain = story.execute("desk", {"ticket": "Order A-1001 arrived broken"})
    equal(plain["status"], "WAITING_FOR_HUMAN", "status in the words of the key era")
    assert plain["humanApprovalRequestId"] and plain["trace"] is not None and plain["links"] == [], plain
    assert isinstance(plain["response"], str), plain
    waiting = story.fruxon.json(*ask)
    equal(story.client.get_execution_record("desk", waiting["executionRecordId"]).status, "WAITING_FOR_HUMAN", "its record")
    equal(story.fruxon.json("trace", "desk", waiting["executionRecordId"])["trace"]["waitingFor"]["kind"], "APPROVAL", "what it waits for")

    events = story.fruxon.events(*ask)
    calls = [one for one in events if one["type"] == "tool_call"]
    results = {one["id"]: one for one in events if one["type"] == "tool_result"}
    equal([one["name"] for one in calls][:1], ["get_order"], "tools that were called")
    equal((calls[0]["arguments"], results[calls[0]["id"]]["status"]), ({"id": "A-1001"}, "succeeded"), "the call and its end")
    done = events[-1]
    equal((done["type"], done["status"]), ("done", "waiting_for_human"), "how the stream ends")
    equal(story.refunds(), [], "refunds before anybody agreed")

    approval = f"{story.tenant}/agents/desk/pendingApprovals/{done['human_approval_request_id']}"
    equal(story.server.ok("GET", approval)["status"], "PENDING", "the question")
    story.server.ok("POST", f"{approval}:respond", {"text": "approve"})
    eventually(lambda: story.client.get_execution_record("desk", done["record_id"]).status == "COMPLETED", "the approved run ends")
    equal(story.refunds(), [{"order": "A-1001", "amount": 42.5}], "refunds")


def test_drafts(directory, started):
    story = KeyEra(directory, started)
    story.hello()
    raises(NotFoundError, story.client.get_draft, "hello", 1)
    pulled = story.fruxon.json("agents", "draft", "pull", "hello")
    equal((pulled["base_revision"], pulled["version"], pulled["source"]), (1, None, "revision"), "pulled from the revision")
    path = story.fruxon.directory / pulled["file"]
    head = json.loads(path.read_text())
    equal(head["flow"], hello_flow()["flow"], "what was pulled")
    equal(story.fruxon.json("agents", "draft", "status", "hello")["exists"], False, "no draft on the server yet")

    def edit(text):
        head["flow"]["steps"][1]["systemPrompt"]["template"] = text
        path.write_text(json.dumps(head))
        return json.loads(path.read_text())

    one = edit("Edit one.")
    pushed = story.fruxon.json("agents", "draft", "push", "hello")
    assert isinstance(pushed["version"], int), pushed
    two = edit("Edit two.")
    equal(story.fruxon.json("agents", "draft", "status", "hello")["local_edits"], True, "edited here")
    story.fruxon("agents", "draft", "push", "hello")
    equal(story.client.get_draft("hello", 1)["headData"], two, "the head, as it was sent")
    status = story.fruxon.json("agents", "draft", "status", "hello")
    equal((status["local_edits"], status["needs_reconcile"]), (False, False), "in step")
    assert status["history_depth"] >= 1, status

    # Somebody else writes; what follows here is stale, and nothing of it is taken.
    theirs = json.loads(json.dumps(two))
    theirs["comment"] = "theirs"
    version = story.client.get_draft("hello", 1)["version"]
    moved = story.client.put_draft("hello", 1, theirs, if_match=version)
    assert moved["version"] > version, moved
    raises(StaleDraftError, story.client.put_draft, "hello", 1, one, if_match=version)
    edit("Edit three.")
    story.fruxon("agents", "draft", "push", "hello", expect=CONFLICT)
    story.fruxon("agents", "draft", "undo", "hello", expect=CONFLICT)
    story.fruxon("agents", "draft", "run", "hello", "-p", "message=Say hello to Ada", "--no-stream", expect=CONFLICT)
    equal(story.client.get_draft("hello", 1)["headData"], theirs, "the draft after the stale writes")
    equal(story.fruxon.json("agents", "draft", "status", "hello")["needs_reconcile"], True, "told to reconcile")

    equal(story.fruxon.json("agents", "draft", "pull", "hello")["source"], "existing_draft", "pulled from the draft")
    for action, wanted in (("undo", two), ("undo", one), ("redo", two), ("redo", theirs)):
        story.fruxon("agents", "draft", action, "hello")
        equal(json.loads(path.read_text()), wanted, action)
    equal([row["version"] for row in story.client.list_drafts("hello")], [story.client.get_draft("hello", 1)["version"]], "drafts")
    story.fruxon("agents", "draft", "reset", "hello")
    equal(json.loads(path.read_text())["flow"], hello_flow()["flow"], "reset to the revision")
    story.fruxon("agents", "draft", "discard", "hello")
    raises(NotFoundError, story.client.get_draft, "hello", 1)
    equal(story.client.get_agent("hello").current_revision, 1, "a draft changes no revision")


def test_draft_runs_are_tests(directory, started):
    story = KeyEra(directory, started)
    story.hello()
    story.client.execute("hello", parameters={"message": "Say hello to Ada"})
    story.fruxon("agents", "draft", "pull", "hello")
    story.fruxon("agents", "draft", "push", "hello")
    ask = ("agents", "draft", "run", "hello", "--session", "trial", "-p")
    result = story.fruxon.json(*ask, "message=Say hello to Ada")
    equal((result["response"], result["trace"]["agentRevision"], result["sessionId"]), (HELLO, -1, "trial"), "a draft that ran")
    equal(story.fruxon(*ask, "message=And to Bob?").stdout.strip(), HELLO_BOB, "a draft that streams, in the same session")

    equal([one["status"] for one in story.records("hello", "?origin=TEST")], ["COMPLETED"] * 2, "records of tests")
    equal(len(story.records("hello")), 1, "records of production")
    spent = story.fruxon.json("agents", "tests", "cost", "hello")
    equal((spent["executionCount"], spent["inputTokens"], spent["outputTokens"]), (2, 60, 18), "what the tests used")
    close_to(spent["totalCost"], 60 * 0.25e-6 + 18 * 2e-6, "what the tests cost")
    made = story.server.ok("GET", f"{story.tenant}/agents/hello/revisions/1/cost?origin=PRODUCTION")
    equal((made["executionCount"], made["revision"]), (1, 1), "what production used")
    story.fruxon("agents", "tests", "cost", "hello")

    (chat,) = story.fruxon.json("agents", "tests", "list", "hello")
    equal(chat["messagesCount"], 4, "messages in the test chat")
    messages = story.fruxon.json("agents", "tests", "show", "hello", chat["id"])
    equal([one["content"] for one in messages], ["Say hello to Ada", HELLO, "And to Bob?", HELLO_BOB], "the test chat")
    equal([one["from"].startswith("fruxon:") for one in messages], [True, False] * 2, "who wrote")
    story.fruxon("agents", "tests", "delete", "hello", chat["id"], "--yes")
    equal(story.fruxon.json("agents", "tests", "list", "hello"), [], "test chats")
    equal(story.client.delete_test_chat("hello", chat["id"]), False, "deleted twice")


def test_evaluation(directory, started):
    story = KeyEra(directory, started)
    run = story.evaluate_the_draft()
    equal((run["score"], run["deploymentRecommendation"], run["agentRevision"]), (1.0, "DEPLOY", -1), "what it came to")
    assert "1 of 1 samples passed" in run["summary"], run
    equal((len(story.records("hello")), len(story.records("hello", "?origin=EVALUATION"))), (0, 1), "apart from production")


def test_budgets(directory, started):
    story = KeyEra(directory, started)
    story.hello()
    equal(story.fruxon.json("agents", "budget", "get", "hello"), None, "no budget")
    made = story.fruxon.json("agents", "budget", "set", "hello", "--amount", "5", "--threshold", "80", "--threshold", "100")
    equal((float(made["amount"]), made["enforceLimit"], made["origin"]), (5.0, False, "PRODUCTION"), "the budget")
    story.fruxon("agents", "budget", "set", "hello", "--amount", "1", "--origin", "TEST", "--enforce")
    budgets = {one["origin"]: one for one in story.fruxon.json("agents", "budget", "list", "hello")}
    equal(sorted(budgets), ["PRODUCTION", "TEST"], "budgets")
    equal([one["percent"] for one in budgets["PRODUCTION"]["thresholdRules"]], [80, 100], "thresholds")
    story.fruxon("agents", "budget", "list", "hello")

    story.client.execute("hello", parameters={"message": "Say hello to Ada"})
    now = story.fruxon.json("agents", "budget", "get", "hello")
    close_to(now["currentMonthlyCost"], INPUT_COST + OUTPUT_COST, "spent this month")
    story.fruxon("agents", "budget", "get", "hello")
    kept = story.fruxon.json("agents", "budget", "set", "hello", "--amount", "0.00001", "--enforce")
    equal([one["percent"] for one in kept["thresholdRules"]], [80, 100], "thresholds that were not named stay")

    asked = len(story.models.requests())
    refusal = raises(FruxonAPIError, story.client.execute, "hello", parameters={"message": "Say hello to Ada"})
    equal(refusal.status, 429, "over the budget")
    story.fruxon("run", "hello", "-p", "message=Say hello to Ada", "--stream", expect=OTHER)
    status, _, problem = story.server.request("POST", f"{story.tenant}/agents/hello:execute", {"parameters": {"message": "Say hello to Ada"}})
    equal((status, problem["code"]), (429, "budget_exceeded"), "the problem")
    equal(len(story.models.requests()), asked, "requests to the model under an exhausted budget")
    rejected = story.records("hello", "?status=REJECTED")
    equal([one["status"] for one in rejected], ["REJECTED"] * 3, "the refusals are on record")
    assert all(one["rejectionReason"] for one in rejected), rejected

    story.fruxon("agents", "budget", "delete", "hello", "--yes")
    equal(story.client.get_agent_budget("hello"), None, "deleted")
    equal(story.client.execute("hello", parameters={"message": "Say hello to Ada"}).response, HELLO, "runs again")


def test_catalogue(directory, started):
    story = KeyEra(directory, started)
    providers = {one["provider"]["id"]: one for one in story.fruxon.json("llm-providers", "list")}
    assert "openai" in providers, sorted(providers)
    assert "openai" in story.fruxon("llm-providers", "list", "--output", "id").stdout.split(), "ids"
    equal(json.loads(story.fruxon("llm-providers", "get", "openai").stdout)["provider"]["id"], "openai", "one provider")
    assert "gpt-5-mini" in [one["id"] for one in story.fruxon.json("llm-providers", "models", "openai")], "its models"
    story.fruxon("llm-providers", "get", "nobody", expect=NOT_FOUND)

    for arguments, name, field in (
        (("agents", "create"), "CreateAgent", "displayName"),
        (("agents", "revisions", "create", "hello"), "CreateAgentRevision", "flow"),
    ):
        schema = json.loads(story.fruxon(*arguments, "--schema").stdout)
        assert field in schema["$defs"][name]["properties"], schema["$defs"][name]


def test_parameter_types(directory, started):
    """Both spellings of the types, and the texts that a command line sends for numbers and booleans."""
    story = KeyEra(directory, started)
    typed = [*HELLO_PARAMETERS, {"name": "times", "type": "INTEGER", "required": True}, {"name": "loud", "type": "bool", "required": False}]
    flow = hello_flow(parameters=typed)
    story.agent("hello", flow)
    metadata = story.client.get_agent_parameter_metadata("hello", 1)
    equal(metadata["parameters"], ["message", "language", "times", "loud"], "names in order")
    equal([one["type"] for one in metadata["metadata"]], ["string", "single-select", "INTEGER", "bool"], "types as they were sent")
    ask = ("run", "hello", "--no-stream", "-p", "message=Say hello to Ada")
    story.fruxon(*ask, "-p", "times:=2", "-p", "loud:=true")
    story.fruxon(*ask, "-p", "times=2", "-p", "loud=false")
    story.fruxon(*ask, "-p", "times=two", expect=INVALID)
    refused = story.fruxon(*ask, expect=INVALID).stderr
    assert "-p times=" in refused, refused


if __name__ == "__main__":
    run_tests(dict(globals()), sys.argv[2:])
