"""The vendor's client and command line of the bearer era (0.10.13), unchanged, against the server. Called by tests/external/run."""

import json
import sys
import threading
import time
import uuid

from scene import CONFLICT, HELLO, HELLO_AGENT, HELLO_PARAMETERS, INVALID, NOT_FOUND, SIGN_IN, TENANT, Scene, hello_flow, raises

from fruxon.exceptions import (
    AuthenticationError, ConflictError, FruxonAPIError, InsufficientScopeError, NotFoundError, StaleDraftError, ValidationError,
)
from fruxon.fruxon import FruxonClient
from world import ROOT_KEY, equal, eventually, run_tests

TICKET = {"ticket": "Order A-1001 arrived broken"}


class BearerEra(Scene):
    def __init__(self, directory, started, *model_options):
        super().__init__("0.10.13", directory, started, *model_options)
        self.client = self.client_with(ROOT_KEY)
        self.fruxon("login", "--token", ROOT_KEY, "--workspace", TENANT, "--base-url", self.server.url)

    def client_with(self, token):
        return FruxonClient(token=token, workspace=TENANT, base_url=self.server.url, actor="story")

    def waiting_desk(self):
        """A run of the desk that waits for its refund to be agreed to: its record's id and the question."""
        run = self.client.execute("desk", parameters=TICKET)
        (question,) = [one for one in self.client.list_approvals("desk") if one.proposed_parameters.get("order") == "A-1001"]
        return run.execution_record_id, question

    def record(self, agent, record_id):
        return self.client.get_execution_record(agent, record_id)

    def ended(self, agent, record_id):
        return self.client.wait_for_run_end(agent, record_id, timeout_s=15, poll_interval_s=0.1).status


def ids(records):
    return sorted(one.id for one in records)


def test_sign_in(directory, started):
    story = BearerEra(directory, started)
    who = story.fruxon.json("whoami")
    equal((who["signed_in"], who["workspace"], who["base_url"]), (True, TENANT, story.server.url), "who is signed in")
    assert who["current_key"]["scopes"], who
    checks = {one["title"]: one for one in story.fruxon.json("doctor", expect=(0, INVALID))["checks"]}
    for title in ("API reachability", "Authenticated probe", "token expiry"):
        equal(checks[title]["status"], "ok", f"{title}: {checks[title]}")
    story.fruxon("login", "--token", "not-a-token", "--workspace", TENANT, "--base-url", story.server.url)
    story.fruxon("agents", "list", expect=SIGN_IN)
    story.fruxon("logout")
    raises(AuthenticationError, story.client_with("not-a-token").list_agents)


def test_tokens(directory, started):
    story = BearerEra(directory, started)
    known = {one["id"] for one in story.fruxon.json("keys", "scopes")["scopes"]}
    made = story.client.generate_token({"name": "runner", "scopes": ["executions:run", "executions:read", "agents:read"]})
    token = made["token"]
    assert {"executions:run", "agents:read"} <= known, sorted(known)
    (runner,) = [one for one in story.client.list_tokens() if one["name"] == "runner"]
    assert runner["revokedAt"] is None and token.startswith(runner["keyPrefix"]) and "token" not in runner, runner

    limited = story.client_with(token)
    equal(limited.list_agents(), [], "what it may")
    refusal = raises(InsufficientScopeError, limited.list_pending_approvals)
    equal((refusal.required, sorted(refusal.granted)), ("approvals:read", sorted(runner["scopes"])), "what it lacks")
    equal(raises(InsufficientScopeError, limited.generate_token, {"name": "more", "scopes": ["admin"]}).status, 403, "no token makes a stronger one")

    rotated = story.client.rotate_token(runner["id"])
    (after,) = [one for one in story.client.list_tokens() if one["name"] == "runner"]
    equal(after["id"], runner["id"], "a rotated token keeps its id")
    assert rotated["token"] != token, "a new secret"
    raises(AuthenticationError, limited.list_agents)
    fresh = story.client_with(rotated["token"])
    equal(fresh.get_current_token()["name"], "runner", "the current token")

    story.fruxon("keys", "revoke", "runner")
    raises(AuthenticationError, fresh.list_agents)
    (revoked,) = [one for one in story.fruxon.json("keys", "list") if one["name"] == "runner"]
    assert revoked["revokedAt"], revoked
    events = [one["eventType"] for one in story.fruxon.json("keys", "history", runner["id"])]
    assert {"MINTED", "ROTATED", "REVOKED", "USED_WHILE_REVOKED"} <= set(events), events
    details = [json.loads(one["details"]) for one in story.client.list_token_audit_events(runner["id"]) if one["eventType"] == "MINTED"]
    equal(sorted(details[0]["scopes"]), sorted(runner["scopes"]), "what was minted")


def test_the_life_of_an_agent(directory, started):
    story = BearerEra(directory, started)
    body = story.fruxon.file("hello.json", {"id": "hello", "displayName": "Hello", "type": "AGENT", "tags": ["demo", "greeting"]})
    equal(story.fruxon.json("agents", "create", "--file", body)["id"], "hello", "the new agent")
    story.client.create_revision("hello", hello_flow())
    story.agent("other", hello_flow())
    equal([one.id for one in story.client.list_agents(search="hel")], ["hello"], "search")
    equal([one.id for one in story.client.list_agents(tags=["greeting"])], ["hello"], "tags")

    equal(story.fruxon.json("agents", "deactivate", "hello", "--yes")["enabled"], False, "deactivated")
    equal([one["id"] for one in story.fruxon.json("agents", "list")], ["other"], "enabled agents")
    equal([one["id"] for one in story.fruxon.json("agents", "list", "--include-disabled")], ["hello", "other"], "all agents")
    refusal = raises(FruxonAPIError, story.client.execute, "hello", parameters={"message": "Say hello to Ada"})
    assert 400 <= refusal.status < 500, f"a deactivated agent does not run: {refusal}"
    equal(story.models.requests(), [], "requests to the model")
    equal(story.fruxon.json("agents", "activate", "hello")["enabled"], True, "activated")
    equal(story.client.execute("hello", parameters={"message": "Say hello to Ada"}).response, HELLO, "it runs again")

    raises(ValidationError, story.client.cancel_agent_deletion, "hello")
    story.client.delete_agent("hello")
    equal([one.id for one in story.client.list_agents()], ["other"], "agents after the deletion")
    assert raises(FruxonAPIError, story.client.execute, "hello", parameters={"message": "Say hello to Ada"}).status in (404, 409), "no runs"
    story.fruxon("agents", "activate", "hello", expect=INVALID)
    equal(story.fruxon.json("agents", "restore", "hello"), {"id": "hello", "restored": True}, "restored")
    story.fruxon("agents", "restore", "hello", expect=INVALID)
    back = story.client.get_agent("hello")
    equal((back.enabled, back.current_revision), (True, 1), "its state came back")
    equal(story.client.execute("hello", parameters={"message": "Say hello to Ada"}).response, HELLO, "and it runs")
    story.fruxon("agents", "restore", "nobody", expect=NOT_FOUND)
    equal(story.fruxon.json("agents", "check", "hello")["checks"][0]["status"], "ok", "the first row of the audit")


def test_a_definition_instead_of_a_graph(directory, started):
    """The bearer era writes one agent as `definition`, and turns a pulled graph into one."""
    story = BearerEra(directory, started)
    story.server.ok("POST", f"{story.tenant}/agents", {"id": "hello", "displayName": "Hello", "type": "AGENT"})
    payload = {
        "comment": "first", "definition": HELLO_AGENT, "parametersMetadata": HELLO_PARAMETERS,
        "integrationSlots": [], "integrationBindings": {}, "assets": [], "slots": [],
    }
    draft = story.fruxon.file("draft.json", payload)
    trial = story.fruxon.json("agents", "draft", "run", "hello", "--file", draft, "-p", "message=Say hello to Ada")
    equal((trial["response"], trial["trace"]["agentRevision"]), (HELLO, -1), "a draft of an agent without revisions")
    equal(story.client.get_draft("hello", 0)["headData"], payload, "the head, as it was sent")

    made = story.fruxon.json("agents", "revisions", "create", "hello", "--file", draft, "--deploy")
    equal(made["agentRevision"], 1, "the revision")
    equal(story.client.get_revision("hello", 1)["definition"], HELLO_AGENT, "the definition, as it was sent")
    equal(story.client.get_agent_parameters("hello", 1), ["message", "language"], "parameters")
    equal(story.client.execute("hello", parameters={"message": "Say hello to Ada"}).response, HELLO, "it runs")

    story.client.create_revision("hello", hello_flow("a graph"))
    pulled = story.fruxon.json("agents", "draft", "pull", "hello", "--revision", "2")
    equal(pulled["source"], "revision", "pulled from the graph")
    head = json.loads((story.fruxon.directory / pulled["file"]).read_text())
    equal((head["definition"], head["parametersMetadata"]), (HELLO_AGENT, HELLO_PARAMETERS), "the graph as a definition")
    pushed = story.fruxon.json("agents", "draft", "push", "hello")
    equal(story.client.get_draft("hello", 2)["headData"], head, "pushed")
    raises(StaleDraftError, story.client.put_draft, "hello", 2, head, if_match=pushed["version"] + 7)
    story.fruxon.json("agents", "draft", "run", "hello", "-p", "message=Say hello to Ada")
    story.client.put_draft("hello", 2, {**head, "comment": "theirs"}, if_match=pushed["version"])
    story.fruxon("agents", "draft", "push", "hello", expect=CONFLICT)
    story.fruxon("agents", "draft", "discard", "hello")
    raises(NotFoundError, story.client.get_draft, "hello", 2)

    schema = json.loads(story.fruxon("agents", "revisions", "create", "hello", "--schema").stdout)
    assert "definition" in schema["$defs"]["AgentDraftPayload"]["properties"], schema


def test_lists_of_executions(directory, started):
    story = BearerEra(directory, started)
    story.hello()
    story.desk()
    story.client.create_environment("Acme Ltd")
    began = int(time.time() * 1000) - 1000
    plain = story.client.execute("hello", parameters={"message": "Say hello to Ada"}).execution_record_id
    talk = story.client.execute("hello", parameters={"message": "Say hello to Ada"}, session_id="ts_1").execution_record_id
    client = story.client.execute("hello", parameters={"message": "Say hello to Ada"}, environment_slug="acme-ltd").execution_record_id
    raises(ValidationError, story.client.execute, "hello", parameters={"message": "x"}, environment_slug="nowhere")
    story.client.create_revision("hello", hello_flow("second"))
    story.client.deploy_revision("hello", 2)
    later = story.client.execute("hello", parameters={"message": "Say hello to Ada"}).execution_record_id
    raises(FruxonAPIError, story.client.execute, "hello", parameters={})  # refused: leaves no record
    failing = story.execute("hello", {"message": "Unheard of"})["executionRecordId"]
    story.client.put_draft("hello", 2, hello_flow("draft"))
    trial = story.client.test("hello", 2, {"parameters": {"message": "Say hello to Ada"}}).execution_record_id
    waiting, _ = story.waiting_desk()

    def listed(agent="hello", **filters):
        return [one.id for one in story.client.list_execution_records(agent, **filters)]

    everything = [failing, later, client, talk, plain]
    equal(listed(), everything, "newest first, production only")
    equal(listed(page_size=2), everything[:2], "the first page")
    equal(listed(page_size=100000), everything, "a page size above any maximum")
    equal(listed(origin="TEST"), [trial], "tests")
    equal(listed(status=["FAILED"]), [failing], "one status")
    equal(sorted(listed(status=["FAILED", "COMPLETED"])), sorted(everything), "two of them")
    equal(listed(status=["WAITING_FOR_ASYNC"]), [], "nothing of this agent waits")
    equal(listed("desk", status=["WAITING_FOR_ASYNC"]), [waiting], "what waits")
    equal(sorted(listed(revision=[2])), sorted([failing, later]), "a revision")
    equal(sorted(listed(revision=[1, 2])), sorted(everything), "two revisions")
    equal(listed(session_id="ts_1"), [talk], "a session")
    equal(listed(environment="acme-ltd"), [client], "an environment")
    equal(listed(has_tool_calls=True), [], "no tools here")
    equal(listed("desk", has_tool_calls=True), [waiting], "tools there")
    equal(listed("desk", tools=["get_order"]), [waiting], "a tool")
    equal(listed("desk", tools=["get_order", "refund_all"]), [waiting], "any of two tools")
    equal(listed("desk", tools=["refund_all"]), [], "a tool that nobody called")
    equal(listed("desk", with_tool_errors=True), [], "no tool erred")
    equal(listed(run_type=["SUB_TASK"]), [], "no sub-tasks")
    equal(listed(run_type=["ROOT"]), everything, "roots")
    equal(listed(trigger_type=["API"]), everything, "started by the API")
    equal(listed(trigger_type=["SCHEDULER"]), [], "nothing by a schedule")
    equal(listed(start_time=began, end_time=began + 600_000), everything, "a window of time")
    equal(listed(end_time=began), [], "before everything")
    equal(listed(min_duration_ms=600_000), [], "long ones")
    equal(listed(status=["COMPLETED"], max_duration_ms=600_000, revision=[1], session_id="ts_1"), [talk], "several at once")

    shown = story.fruxon.json("agents", "executions", "list", "hello", "--status", "COMPLETED", "--environment", "acme-ltd", "--limit", "1")
    equal([(one["id"], one["environmentSlug"], one["runType"]) for one in shown], [(client, "acme-ltd", "ROOT")], "the command's list")
    assert plain in story.fruxon("agents", "executions", "list", "hello").stderr, "the list as text"
    assert "Older executions exist" in story.fruxon("agents", "executions", "list", "hello", "--limit", "2").stderr, "there are more"
    story.fruxon("agents", "executions", "list", "nobody", expect=NOT_FOUND)

    # Page by page, with the tokens, everything once.
    seen, token = [], ""
    while True:
        page = story.server.ok("GET", f"{story.tenant}/agents/hello/executionRecords?pageSize=2{token}")
        seen += [one["id"] for one in page["items"]]
        if not page.get("nextPageToken"):
            break
        token = f"&pageToken={page['nextPageToken']}"
    equal(seen, everything, "pages together")


def test_one_execution(directory, started):
    story = BearerEra(directory, started)
    story.hello()
    run = story.client.execute("hello", parameters={"message": "Say hello to Ada"})
    equal((run.trace.input_tokens, run.trace.output_tokens), (20, 10), "tokens in the answer")
    record = story.fruxon.json("agents", "executions", "get", "hello", run.execution_record_id)
    equal((record["status"], record["inputTokens"], record["rootExecutionId"]), ("COMPLETED", 20, run.execution_record_id), "record")
    result = story.fruxon.json("agents", "executions", "result", "hello", run.execution_record_id)
    equal((result["result"]["strValue"], result["parameters"]["message"]), (HELLO, "Say hello to Ada"), "result")
    assert HELLO in story.fruxon("agents", "executions", "result", "hello", run.execution_record_id).stderr.replace("\n", " "), "as text"
    trace = story.fruxon.json("agents", "executions", "trace", "hello", run.execution_record_id)
    equal((trace["status"], trace["trace"]["agentRevision"], trace["waitingFor"]), ("COMPLETED", 1, None), "trace")
    shown = story.fruxon("agents", "executions", "trace", "hello", run.execution_record_id, "--show-io").stderr
    assert "openai/gpt-5-mini" in shown, shown
    for command in ("get", "trace", "result", "tree"):
        story.fruxon("agents", "executions", command, "hello", str(uuid.uuid4()), expect=NOT_FOUND)


def test_a_tree_of_executions(directory, started):
    story = BearerEra(directory, started)
    story.hello()
    asks = {"message": {"type": "string"}}
    steps = {"ask": {"flow": {"agent": "hello", "input": {"message": "input.message"}}}}
    parent = {"flow": "parent", "input": {"type": "object", "properties": asks}, "steps": steps}
    story.agent("parent", {"flow": parent})
    run = story.client.execute("parent", parameters={"message": "Say hello to Ada"})
    equal(run.response, HELLO, "what the child said")
    tree = story.client.get_execution_tree("parent", run.execution_record_id)
    equal([(one.agent_id, one.depth, one.run_type, one.status) for one in tree.nodes],
          [("parent", 0, "ROOT", "COMPLETED"), ("hello", 1, "SUB_TASK", "COMPLETED")], "nodes, parents first")
    root, child = tree.nodes
    equal((child.parent_execution_record_id, tree.root_execution_id), (root.id, run.execution_record_id), "who started whom")
    equal((tree.runs, tree.failed, tree.truncated_by_retention), (2, 0, False), "totals")
    assert abs(tree.cost - 0.000025) < 1e-9, tree
    equal(story.client.get_execution_tree("hello", child.id).root_execution_id, root.id, "the same tree from below")
    equal(ids(story.client.list_execution_records("hello", run_type=["SUB_TASK"])), [child.id], "sub-tasks")
    assert child.id in story.fruxon("agents", "executions", "tree", "parent", root.id).stderr, "the tree as text"


def test_a_question_is_approved(directory, started):
    story = BearerEra(directory, started)
    story.desk()
    record_id, question = story.waiting_desk()
    record = story.record("desk", record_id)
    equal((record.status, record.is_terminal), ("WAITING_FOR_ASYNC", False), "status in the words of the bearer era")
    equal((record.waiting_for["kind"], record.waiting_for["approvalRequestId"]), ("APPROVAL", question.id), "what it waits for")
    equal((question.status, question.agent_id, question.tool_key), ("PENDING", "desk", "refund"), "the question")
    equal(question.proposed_parameters, {"order": "A-1001", "amount": 42.5}, "what is proposed")
    assert question.created_at > 0, question
    equal([one["id"] for one in story.fruxon.json("agents", "approvals", "list")], [question.id], "of every agent")
    equal(story.fruxon("agents", "approvals", "list", "desk", "--output", "id").stdout.split(), [question.id], "of this one")
    equal([one.id for one in story.client.list_pending_approvals(agent="desk")], [question.id], "filtered by agent")
    equal(story.client.list_pending_approvals(agent="other"), [], "of no other")
    assert "approval" in story.fruxon("agents", "executions", "trace", "desk", record_id).stderr, "the trace tells of it"

    reader = story.client_with(story.client.generate_token({"name": "reader", "scopes": ["approvals:read"]})["token"])
    equal(raises(InsufficientScopeError, reader.respond_approval, "desk", question.id, "approve").required, "approvals:decide", "scope")
    raises(ValidationError, story.client.respond_approval, "desk", question.id, "  ")
    raises(NotFoundError, story.client.respond_approval, "desk", str(uuid.uuid4()), "approve")
    equal((story.refunds(), story.record("desk", record_id).status), ([], "WAITING_FOR_ASYNC"), "nothing moved")

    story.fruxon.json("agents", "approvals", "respond", "desk", question.id, "--approve", "--yes")
    equal(story.ended("desk", record_id), "COMPLETED", "the run goes on")
    equal(story.refunds(), [{"order": "A-1001", "amount": 42.5}], "exactly what was approved, once")
    answered = story.fruxon.json("agents", "approvals", "get", "desk", question.id)
    equal((answered["status"], answered["decision"]), ("RESPONDED", "APPROVE"), "the answered question")
    assert answered["respondedBy"] and answered["respondedAt"] >= answered["createdAt"], answered
    try:
        story.client.respond_approval("desk", question.id, "no, stop")
    except ConflictError:
        pass
    equal(story.client.get_approval("desk", question.id).decision, "APPROVE", "a later answer changes nothing")
    equal(story.client.list_pending_approvals(), [], "open questions")
    equal([one["id"] for one in story.fruxon.json("agents", "approvals", "list", "desk", "--all")], [question.id], "all questions")


def test_a_question_is_rejected_or_withdrawn(directory, started):
    story = BearerEra(directory, started)
    story.desk()
    record_id, question = story.waiting_desk()
    story.fruxon("agents", "approvals", "respond", "desk", question.id, "--reject", "--reason", "not covered by warranty", "--yes")
    equal(story.ended("desk", record_id), "COMPLETED", "the model is told and answers")
    equal(story.client.get_approval("desk", question.id).decision, "REJECT", "decision")
    last = story.models.requests()[-1]["body"]["messages"][-1]
    equal(last["role"], "tool", "how it is told")
    assert "not covered by warranty" in json.dumps(last), last

    _, question = story.waiting_desk()
    story.fruxon("agents", "approvals", "cancel", "desk", question.id, "--reason", "asked in error", "--yes")
    equal(story.client.get_approval("desk", question.id).status, "CANCELLED", "withdrawn")
    equal(story.client.list_pending_approvals(), [], "open questions")
    equal(story.refunds(), [], "refunds")


def test_a_waiting_run_is_cancelled(directory, started):
    story = BearerEra(directory, started)
    story.desk()
    record_id, question = story.waiting_desk()
    story.fruxon("agents", "executions", "cancel-wait", "desk", record_id, "--yes", expect=INVALID)
    cancelled = story.fruxon.json("agents", "executions", "cancel", "desk", record_id, "--reason", "changed my mind", "--yes")
    equal(cancelled["cancelled"], True, "ended at once")
    equal(story.record("desk", record_id).status, "CANCELLED", "status")
    story.fruxon("agents", "executions", "cancel", "desk", record_id, "--yes", expect=CONFLICT)
    story.fruxon("agents", "executions", "cancel", "desk", str(uuid.uuid4()), "--yes", expect=NOT_FOUND)
    equal(story.client.list_pending_approvals(), [], "its question is gone")
    raises(FruxonAPIError, story.client.respond_approval, "desk", question.id, "approve")
    equal((story.refunds(), story.record("desk", record_id).status), ([], "CANCELLED"), "a final status stays")
    raises(NotFoundError, story.client.cancel_wait, "desk", record_id)


def test_a_running_run_is_cancelled(directory, started):
    """The model needs ten seconds for this story."""
    story = BearerEra(directory, started, "--latency", "500", "--chunk-size", "5")
    story.hello()
    heard = []

    def listen():
        for event in story.client.stream("hello", parameters={"message": "Tell a long story"}):
            heard.append(event)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    (record,) = eventually(lambda: story.client.list_execution_records("hello", status=["IN_PROGRESS"]), "the run is seen")
    began = time.monotonic()
    story.client.cancel_run("hello", record.id, "too long")
    equal(story.ended("hello", record.id), "CANCELLED", "status")
    assert time.monotonic() - began < 5, "it did not wait for the model"
    listener.join(timeout=10)
    assert not listener.is_alive(), "its stream is closed"
    assert heard and heard[-1].event in ("done", "error"), heard


def test_a_wait_is_cancelled(directory, started):
    story = BearerEra(directory, started)
    steps = {
        "pay": {"event": {"name": "payment", "timeout": "1d"}},
        "paid": {"set": {"how": "'in time'"}},
        "late": {"set": {"how": "'not at all'"}},
    }
    edges = [{"from": "pay", "to": "paid"}, {"from": "pay", "to": "late", "on": "error"}]
    story.agent("till", {"flow": {"flow": "till", "start": "pay", "steps": steps, "edges": edges}})
    run = story.client.execute("till", parameters={})
    equal(story.record("till", run.execution_record_id).waiting_for["kind"], "EVENT", "what it waits for")
    story.fruxon("agents", "executions", "cancel-wait", "till", run.execution_record_id, "--yes")
    equal(story.ended("till", run.execution_record_id), "COMPLETED", "the run goes on without what it waited for")
    raises(NotFoundError, story.client.cancel_wait, "till", run.execution_record_id)


def test_environments(directory, started):
    story = BearerEra(directory, started)
    made = story.fruxon.json("environments", "create", "Acme Ltd", "--group", "north", "--external-id", "crm-7")
    equal((made["slug"], made["displayName"], made["group"], made["externalId"]), ("acme-ltd", "Acme Ltd", "north", "crm-7"), "created")
    again = story.client.create_environment("Acme Ltd")
    assert again.slug != made["slug"], "slugs are unique"
    assert {made["id"], again.id} <= {one["id"] for one in story.fruxon.json("environments", "list")}, "listed"
    equal([one.id for one in story.client.list_environments(group="north")], [made["id"]], "by group")
    equal([one.id for one in story.client.list_environments(search="crm-7")], [made["id"]], "by search")
    changed = story.fruxon.json("environments", "update", made["id"], "--display-name", "Acme Inc", "--description", "a customer")
    equal((changed["slug"], changed["displayName"], changed["description"]), ("acme-ltd", "Acme Inc", "a customer"), "the slug stays")
    equal(story.fruxon.json("environments", "get", made["id"])["displayName"], "Acme Inc", "read back")
    story.fruxon("environments", "archive", made["id"], "--yes")
    assert made["id"] not in {one.id for one in story.client.list_environments()}, "archived"
    story.fruxon("environments", "get", str(uuid.uuid4()), expect=NOT_FOUND)


# Triggers (create, bind, fire, restore) belong to issue 5; their story comes with them.


def test_storage_and_secrets(directory, started):
    story = BearerEra(directory, started)
    path = story.fruxon.directory / "note, \"quoted\".txt"
    content = b"line one\nline two \xc3\xa9\n" * 1000
    path.write_bytes(content)
    made = story.fruxon.json("storage", "upload", "--file", path)
    assert made["fileId"] and made["contentType"].startswith("text/plain") and made["promptLink"], made
    out = story.fruxon.directory / "back.txt"
    story.fruxon("storage", "download", made["promptLink"], "--out", out)
    assert out.read_bytes() == content, "the bytes that came back"
    temporary = story.fruxon("storage", "upload", "--file", path, "--temporary", "--output", "id").stdout.strip()
    equal(story.client.download_file(temporary)[0], content, "a temporary file")
    story.fruxon("storage", "download", "nothing", "--out", out, expect=NOT_FOUND)
    equal(story.fruxon.json("secrets", "list"), [], "secrets")
    story.fruxon("secrets", "get", str(uuid.uuid4()), expect=NOT_FOUND)


def test_streams(directory, started):
    story = BearerEra(directory, started)
    story.desk()
    events = list(story.client.stream("desk", parameters=TICKET))
    calls = [one.data for one in events if one.event == "tool_call"]
    results = {one.data["id"]: one.data for one in events if one.event == "tool_result"}
    equal([(one["toolTrace"]["tool"]["name"], one["arguments"]) for one in calls][:1], [("get_order", {"id": "A-1001"})], "the call")
    equal(results[calls[0]["id"]]["status"], "succeeded", "its end")
    assert calls[0]["startTime"] <= results[calls[0]["id"]]["endTime"], (calls, results)
    done = events[-1]
    equal((done.event, done.data["status"]), ("done", "WaitingForHuman"), "the last event")
    equal(done.data["humanApprovalRequestId"], story.client.list_approvals("desk")[0].id, "the question")


def test_evaluation(directory, started):
    run = BearerEra(directory, started).evaluate_the_draft()
    equal((run["score"], run["deploymentRecommendation"], run["agentRevision"]), (1.0, "DEPLOY", -1), "what it came to")


def test_providers_and_budgets(directory, started):
    story = BearerEra(directory, started)
    story.hello()
    assert "openai" in story.fruxon("llm-providers", "list", "--output", "id").stdout.split(), "providers"
    story.fruxon.json("agents", "budget", "set", "hello", "--amount", "0.000001", "--enforce")
    equal(story.client.execute("hello", parameters={"message": "Say hello to Ada"}).response, HELLO, "the first run reaches the limit")
    equal(raises(FruxonAPIError, story.client.execute, "hello", parameters={"message": "Say hello to Ada"}).status, 429, "the second")
    (rejected,) = story.client.list_execution_records("hello", status=["REJECTED"])
    assert rejected.rejection_reason and rejected.is_terminal, rejected
    equal(len(story.models.requests()), 1, "requests to the model")


if __name__ == "__main__":
    run_tests(dict(globals()), sys.argv[2:])
