"""The vendor's Python client, unchanged but for its address and key, against the server. Called by tests/external/run."""

import json
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

import openai  # noqa: E402

from world import ROOT_KEY, Models, Serving, equal, eventually, run_tests  # noqa: E402

PROGRAMS = pathlib.Path(sys.argv[1])
INPUT = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
MODEL = "openai/gpt-5-mini"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
HELLO = "Hello, Ada. It is good to see you again, and the weather is fine."


def flow(steps, **more):
    return {"flow": {"input": INPUT, "steps": steps, **more}}


HELPER = flow({"say": {"llm": {"model": MODEL, "system": "You greet people.", "prompt": "{{ input.message }}"}}})
FORECASTER = flow({"work": {"agent": {"model": MODEL, "prompt": "{{ input.message }}", "caller_tools": True}}})
SENDER = flow(
    {"check": {"approval": {"title": "Send this?"}}, "sent": {"set": {"sent": "true"}}},
    edges=[{"from": "check", "to": "sent", "on": "approved"}],
)
BROKEN = flow({"only": {"fail": {"code": "no_data", "message": "Nothing there."}}})
AGENTS = {"helper": HELPER, "forecaster": FORECASTER, "sender": SENDER, "broken": BROKEN}


class Story:
    """A fresh server with four agents, and the client."""

    def __init__(self, directory, started):
        self.models = started(Models(PROGRAMS, "openai.json"))
        self.server = started(
            Serving(directory, OPENAI_API_KEY="test", OPENAI_BASE_URL=self.models.url, FLOWGATE_OUTBOUND_ALLOW="127.0.0.1")
        )
        self.tenant = "/v1/tenants/default"
        for name, body in AGENTS.items():
            self.server.ok("POST", f"{self.tenant}/agents", {"id": name})
            self.server.ok("POST", f"{self.tenant}/agents/{name}/revisions", body)
        self.client = self.client_with(ROOT_KEY)

    def client_with(self, key, **options):
        return openai.OpenAI(base_url=f"{self.server.url}/v1", api_key=key, max_retries=0, timeout=60, **options)

    def record(self, answer):
        extension = answer.flowgate
        return self.server.ok("GET", f"{self.tenant}/agents/{extension['agentId']}/executionRecords/{extension['executionId']}")

    def approve(self, answer):
        (approval,) = answer.flowgate["approvals"]
        self.server.ok("POST", f"{approval['url']}:respond", {"text": "approve"})


def user(text):
    return {"role": "user", "content": text}


def raises(error, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except error as raised:
        return raised
    raise AssertionError(f"{error.__name__} was not raised")


def test_completions(directory, started):
    story = Story(directory, started)
    done = story.client.chat.completions.create(model="helper", messages=[user("Say hello to Ada")], metadata={"ticket": "T-1"}, user="ada")
    equal((done.choices[0].message.content, done.choices[0].finish_reason, done.model), (HELLO, "stop", "helper@1"), "the answer")
    record = story.record(done)
    equal((done.usage.prompt_tokens, done.usage.completion_tokens), (record["inputTokens"], record["outputTokens"]), "usage")
    equal(done.usage.total_tokens, 30, "usage, as the fixture states it")
    equal(story.client.chat.completions.retrieve(done.id).choices[0].message.content, HELLO, "the same, read again")
    turns = [{"role": "system", "content": "Be brief."}, user("Say hello to Ada"), {"role": "assistant", "content": HELLO}, user("And to Bob?")]
    again = story.client.chat.completions.create(model="helper@1", messages=turns)
    equal(again.choices[0].message.content, "Hello, Bob. Ada was here before you.", "the model saw the turns before")


def test_completions_streamed(directory, started):
    story = Story(directory, started)
    options = {"model": "helper", "messages": [user("Say hello to Ada")]}
    chunks = list(story.client.chat.completions.create(stream=True, stream_options={"include_usage": True}, **options))
    equal("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices), HELLO, "the text in pieces")
    equal((chunks[-1].choices, chunks[-1].usage.total_tokens), ([], 30), "the last chunk is the usage")
    equal(len({chunk.id for chunk in chunks}), 1, "one id")
    with story.client.chat.completions.stream(**options) as stream:
        whole = stream.get_final_completion()
    equal(whole.choices[0].message.content, HELLO, "put together by the client")


def test_tools(directory, started):
    story = Story(directory, started)
    tools = [{"type": "function", "function": {"name": "weather", "description": "Today's.", "parameters": PARAMETERS}}]
    messages = [user("How is the weather in Rome?")]
    asked = story.client.chat.completions.create(model="forecaster", messages=messages, tools=tools)
    (call,) = asked.choices[0].message.tool_calls
    equal(asked.choices[0].finish_reason, "tool_calls", "why it ends there")
    equal((call.function.name, json.loads(call.function.arguments)), ("weather", {"city": "Rome"}), "the call")
    messages += [asked.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "31 degrees"}]
    done = story.client.chat.completions.create(model="forecaster", messages=messages, tools=tools)
    equal((done.choices[0].message.content, done.id), ("Hot.", asked.id), "the answer, of the same execution")
    equal(story.client.chat.completions.create(model="forecaster", messages=messages, tools=tools).choices, done.choices, "the same again")
    messages[-1] = {"role": "tool", "tool_call_id": call.id, "content": "snow"}
    other = raises(openai.BadRequestError, story.client.chat.completions.create, model="forecaster", messages=messages, tools=tools)
    equal(other.code, "tool_call_answered", "another answer")
    with story.client.chat.completions.stream(model="forecaster", messages=messages[:1], tools=tools) as stream:
        (streamed,) = stream.get_final_completion().choices[0].message.tool_calls
    equal((streamed.function.name, json.loads(streamed.function.arguments)), ("weather", {"city": "Rome"}), "the call in a stream")


def test_responses(directory, started):
    story = Story(directory, started)
    first = story.client.responses.create(model="helper", input="Say hello to Ada", instructions="Be brief.", metadata={"ticket": "T-1"})
    equal((first.output_text, first.status, first.usage.total_tokens), (HELLO, "completed", 30), "the response")
    equal(first.usage.input_tokens, story.record(first)["inputTokens"], "usage")
    second = story.client.responses.create(model="helper", input=[user("And to Bob?")], previous_response_id=first.id)
    equal((second.output_text, second.previous_response_id), ("Hello, Bob. Ada was here before you.", first.id), "the conversation goes on")
    equal(story.client.responses.retrieve(first.id).metadata, {"ticket": "T-1"}, "read again")
    events = list(story.client.responses.create(model="helper", input="Say hello to Ada", stream=True))
    equal([event.sequence_number for event in events], list(range(len(events))), "numbered")
    equal("".join(event.delta for event in events if event.type == "response.output_text.delta"), HELLO, "the text in pieces")
    with story.client.responses.stream(model="helper", input="Say hello to Ada") as stream:
        for _ in stream:
            pass
        equal(stream.get_final_response().output_text, HELLO, "put together by the client")


def test_responses_with_tools(directory, started):
    story = Story(directory, started)
    tools = [{"type": "function", "name": "weather", "description": "Today's.", "parameters": PARAMETERS, "strict": True}]
    with story.client.responses.stream(model="forecaster", input="How is the weather in Rome?", tools=tools) as stream:
        for _ in stream:
            pass
        asked = stream.get_final_response()
    (call,) = asked.output
    equal((call.type, call.name, json.loads(call.arguments)), ("function_call", "weather", {"city": "Rome"}), "the call")
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "31 degrees"}
    done = story.client.responses.create(model="forecaster", input=[output], previous_response_id=asked.id, tools=tools)
    equal((done.output_text, done.id), ("Hot.", asked.id), "the answer, of the same execution")


def test_an_approval_in_the_middle(directory, started):
    story = Story(directory, started)
    waiting = story.client.chat.completions.create(model="sender", messages=[user("Hello Ada")])
    equal((waiting.flowgate["status"], waiting.choices[0].finish_reason), ("waiting", "stop"), "a completion that waits")
    assert "Send this?" in waiting.choices[0].message.content, waiting
    story.approve(waiting)
    eventually(lambda: story.client.chat.completions.retrieve(waiting.id).choices[0].message.content == '{"sent":true}', "it is sent")
    taken = story.client.responses.create(model="sender", input="Hello Bob", background=True)
    equal((taken.status, taken.background), ("in_progress", True), "a response in the background")
    story.approve(eventually(lambda: with_approvals(story.client.responses.retrieve(taken.id)), "it waits"))
    eventually(lambda: story.client.responses.retrieve(taken.id).status == "completed", "it is sent")
    other = story.client.responses.create(model="sender", input="Hello Eve")
    equal(story.client.responses.cancel(other.id).status, "cancelled", "cancelled")


def with_approvals(response):
    return response if response.flowgate.get("approvals") else None


def test_models(directory, started):
    story = Story(directory, started)
    equal(sorted(model.id for model in story.client.models.list()), sorted(AGENTS), "the models")
    equal(story.client.models.retrieve("helper@1").owned_by, "default", "one model")
    raises(openai.NotFoundError, story.client.models.retrieve, "nobody")


def test_errors(directory, started):
    story = Story(directory, started)
    ask = story.client.chat.completions.create
    raises(openai.AuthenticationError, story.client_with("wrong").models.list)
    raises(openai.PermissionDeniedError, story.client_with(ROOT_KEY, organization="org-elsewhere").models.list)
    unknown = raises(openai.NotFoundError, ask, model="nobody", messages=[user("Hi")])
    equal((unknown.code, unknown.param), ("model_not_found", "model"), "an unknown model")
    refused = raises(openai.BadRequestError, ask, model="helper", messages=[user("Hi")], n=2)
    equal((refused.code, refused.param, refused.type), ("unsupported_parameter", "n", "invalid_request_error"), "a field without a meaning")
    failed = raises(openai.UnprocessableEntityError, ask, model="broken", messages=[user("Hi")])
    equal((failed.code, failed.type), ("no_data", "execution_error"), "an execution that fails")
    streamed = ask(model="broken", messages=[user("Hi")], stream=True)
    raises(openai.APIError, list, streamed)
    response = story.client.responses.create(model="broken", input="Hi")
    equal((response.status, response.error.code), ("failed", "no_data"), "a response that failed")
    story.server.ok("PUT", f"{story.tenant}/agents/helper/budget", {"amount": 0, "enforceLimit": True})
    spent = raises(openai.RateLimitError, ask, model="helper", messages=[user("Hi")])
    equal(spent.code, "insufficient_quota", "a budget that is used up")


def test_an_idempotency_key(directory, started):
    story = Story(directory, started)
    options = {"model": "helper", "messages": [user("Say hello to Ada")], "extra_headers": {"Idempotency-Key": "story-1"}}
    first = story.client.chat.completions.create(**options)
    equal(story.client.chat.completions.create(**options).id, first.id, "one execution")
    equal(len(story.models.requests()), 1, "one model call")


if __name__ == "__main__":
    run_tests(dict(globals()), sys.argv[2:])
