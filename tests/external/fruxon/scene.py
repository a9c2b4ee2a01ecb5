"""What both stories share: a server with a model and a shop beside it, the vendor's command line, and the two agents that are driven."""

import copy
import json
import pathlib
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

from world import Models, Recorder, Serving, clean_environment, equal, eventually  # noqa: E402

PROGRAMS = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path("target/external")
TENANT = "default"
ORDER = {"id": "A-1001", "customer": "Ada Example", "total": 42.5}
HELLO = "Hello, Ada. It is good to see you again, and the weather is fine."
HELLO_BOB = "Hello, Bob. Ada was here before you."
HELLO_PARAMETERS = [
    {"name": "message", "type": "string", "required": True, "description": "What the user says"},
    {
        "name": "language", "type": "single-select", "required": False, "defaultValue": "en",
        "options": [{"value": "en", "label": "English"}, {"value": "de", "label": "German"}],
    },
]
HELLO_AGENT = {
    "provider": {"providerId": "openai", "model": "gpt-5-mini"},
    "systemPrompt": {"template": "You greet people. Answer in {{param.language}}."},
    "userPrompt": {"template": "{{param.message}}"},
}

# What the command lines exit with.
SIGN_IN, NOT_FOUND, INVALID, CONFLICT, SERVER_ERROR, OTHER = 10, 11, 12, 13, 14, 1


def hello_flow(comment="first", parameters=None):
    """The vendor's shape: an entry, one agent, an exit. A copy, so that tests may edit it."""
    return copy.deepcopy({
        "comment": comment,
        "flow": {
            "steps": [
                {"type": "ENTRY_POINT", "identifier": "entry", "parametersMetadata": parameters or HELLO_PARAMETERS},
                {"type": "AGENT", "identifier": "greet", **HELLO_AGENT},
                {"type": "EXIT_POINT", "identifier": "exit"},
            ],
            "edges": [{"source": "entry", "target": "greet"}, {"source": "greet", "target": "exit"}],
        },
    })


def desk_flow(shop_url, comment="desk"):
    """Our own shape: a model that looks an order up freely, and pays a refund only when a person agrees."""
    tools = [
        {
            "name": "get_order", "description": "Looks an order up", "effect": "read",
            "http": {"get": shop_url + "/orders/{{ args.id }}"},
            "args": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
        },
        {
            "name": "refund", "description": "Pays the money back", "effect": "once",
            "http": {"post": shop_url + "/refunds", "json": {"order": "{{ args.order }}", "amount": "{{ args.amount }}"}},
            "args": {
                "type": "object", "required": ["order", "amount"],
                "properties": {"order": {"type": "string"}, "amount": {"type": "number"}},
            },
            "approval": {"title": "Refund order {{ args.order }}?"},
        },
    ]
    work = {"agent": {"model": "openai/gpt-5-mini", "prompt": "{{ input.ticket }}", "tools": tools}}
    schema = {"type": "object", "required": ["ticket"], "properties": {"ticket": {"type": "string"}}}
    return {"comment": comment, "flow": {"flow": "desk", "input": schema, "steps": {"work": work}}}


class CommandLine:
    """The vendor's `fruxon`, signed in nowhere until told, in a directory of its own (it keeps drafts in the current one)."""

    def __init__(self, version, directory):
        self.program = PROGRAMS / f"fruxon-{version}" / "bin" / "fruxon"
        self.directory = pathlib.Path(directory) / "desk"
        self.directory.mkdir(exist_ok=True)
        silent = {"FRUXON_NO_KEYRING": "1", "FRUXON_NO_TELEMETRY": "1", "FRUXON_NO_UPDATE_CHECK": "1", "FRUXON_NO_BANNER": "1"}
        self.environment = {
            **clean_environment(), **silent, "HOME": str(self.directory), "FRUXON_CONFIG_DIR": str(self.directory / "config"),
            "COLUMNS": "240", "NO_COLOR": "1", "TERM": "dumb", "PYTHONIOENCODING": "utf-8",
        }

    def __call__(self, *arguments, expect=0, lines=None, **environment):
        command = [str(self.program), *map(str, arguments)]
        done = subprocess.run(
            command, env={**self.environment, **environment}, cwd=self.directory, capture_output=True, text=True, timeout=120,
            input="" if lines is None else lines,
        )
        wanted = expect if isinstance(expect, tuple) else (expect,)
        if done.returncode not in wanted or "Traceback" in done.stderr:
            raise AssertionError(f"{command} exited {done.returncode}, not {expect}\n{done.stdout}\n{done.stderr}")
        return done

    def json(self, *arguments, expect=0, **environment):
        return json.loads(self(*arguments, "--output", "json", expect=expect, **environment).stdout)

    def events(self, *arguments, expect=0):
        """What a program that drives the command line reads: one JSON object a line."""
        done = self(*arguments, expect=expect, FRUXON_AGENT_MODE="1")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def file(self, name, content):
        path = self.directory / name
        path.write_text(json.dumps(content))
        return path


class Scene:
    """A fresh server, its model and its shop."""

    def __init__(self, version, directory, started, *model_options, **settings):
        self.models = started(Models(PROGRAMS, "fruxon.json", *model_options))
        self.shop = started(Recorder({"GET /orders/A-1001": (200, ORDER), "POST /refunds": (201, {"refund": "R-1"})}))
        self.server = started(
            Serving(directory, OPENAI_API_KEY="test", OPENAI_BASE_URL=self.models.url, FLOWGATE_OUTBOUND_ALLOW="127.0.0.1", **settings)
        )
        self.fruxon = CommandLine(version, directory)
        self.tenant = f"/v1/tenants/{TENANT}"

    def agent(self, agent, revision):
        """An agent with a first revision, which is current because it is the first."""
        self.server.ok("POST", f"{self.tenant}/agents", {"id": agent, "displayName": agent.title(), "type": "AGENT"})
        created = self.server.ok("POST", f"{self.tenant}/agents/{agent}/revisions", revision)
        assert created["agentRevision"] == 1, created
        return created

    def hello(self):
        return self.agent("hello", hello_flow())

    def desk(self):
        return self.agent("desk", desk_flow(self.shop.url))

    def execute(self, agent, parameters, **options):
        return self.server.ok("POST", f"{self.tenant}/agents/{agent}:execute", {"parameters": parameters, **options})

    def evaluate_the_draft(self):
        """A dataset that the vendor's command line lists and runs the draft over; the run, once it has ended."""
        self.hello()
        samples = [{"input": {"message": "Say hello to Ada"}, "expected": HELLO}]
        made = self.server.ok("POST", f"{self.tenant}/agents/hello/evaluationDatasets", {"displayName": "Golden", "samples": samples})
        listed = self.fruxon.json("agents", "draft", "evaluate", "hello", "--list-datasets")
        equal([(one["id"], one["displayName"], one["sampleCount"], one["type"]) for one in listed], [(made["id"], "Golden", 1, "GOLDEN")], "datasets")
        equal(self.client.get_dataset("hello", made["id"])["sampleCount"], 1, "the dataset")
        self.fruxon("agents", "draft", "pull", "hello")
        self.fruxon("agents", "draft", "push", "hello")
        run = self.fruxon.json("agents", "draft", "evaluate", "hello", "--dataset", made["id"], "--yes")
        equal(run["status"], "QUEUED", "a run that begins")
        eventually(lambda: self.client.get_evaluation_run("hello", run["id"])["status"] == "COMPLETED", "the run ends")
        return self.client.get_evaluation_run("hello", run["id"])

    def refunds(self):
        return [json.loads(one["body"]) for one in self.shop.seen("POST", "/refunds")]


def raises(kind, call, *arguments, **options):
    """The refusal that a call of the client ends in."""
    try:
        answer = call(*arguments, **options)
    except kind as refusal:
        return refusal
    raise AssertionError(f"{call.__name__} was not refused: {answer!r}")
