// Executions for stories, screenshots and the bench: one with everything in it, one that fails, a large one, and many small ones.
import { agentOf, HOSTILE, start } from "./seeds.mjs";

const base = "/v1/tenants/default";
export const recordsOf = (agent) => `${base}/agents/${agent}/executionRecords`;
const WAIT_MS = 60_000;

/** A loop, a retry, a child, maps in maps, a signal, an approval, and steps that are taken back. */
const ORDER = {
  input: { type: "object" },
  start: "draft",
  limits: { timeout: "1d" },
  steps: {
    draft: { llm: { model: "openai/gpt-5-mini", system: "You write short slogans.", prompt: "Write a slogan for {{ input.what }}" }, visits: 3, sandbox: { outputs: ["Tea.", "Tea, at last \u202eeno\u202c."] } },
    check: { set: { round: "has(previous.check.output) ? previous.check.output.round + 1 : 1" } },
    stock: { http: { get: "https://shop.example/stock" }, effect: "read", retry: { attempts: 4, backoff: "50ms..50ms" }, sandbox: { error: { code: "http_503", retryable: true, times: 2 }, output: { stock: 3 }, delay: "40ms" } },
    note: { flow: { agent: "parcel-note", input: { text: "steps.draft.output" } } },
    each: {
      map: {
        over: "['cup','pot','tin']",
        as: "thing",
        concurrency: 2,
        body: {
          start: "reserve",
          steps: {
            reserve: { http: { post: "https://shop.example/reservations", headers: { Authorization: "Bearer {{ secret.shop_token }}" }, json: { item: "{{ thing }}" } }, effect: "idempotent", sandbox: { output: { reserved: true }, delay: "30ms" }, compensate: { http: { delete: "https://shop.example/reservations/{{ thing }}" } } },
            sizes: { map: { over: "[1, 2]", body: { steps: { size: { set: { size: "item" } } } } } },
          },
          edges: [{ from: "reserve", to: "sizes" }],
        },
      },
    },
    paid: { event: { name: "payment", timeout: "1d" } },
    ask: { approval: { title: "Send {{ input.what }}?", show: ["steps.draft.output"] } },
    done: { end: { output: "{'sent': true}" } },
  },
  edges: [
    { from: "draft", to: "check" },
    { from: "check", to: "draft", when: "steps.check.output.round < 2" },
    { from: "check", to: "stock", otherwise: true },
    { from: "draft", to: "done", on: "exhausted" },
    { from: "stock", to: "note" },
    { from: "note", to: "each" },
    { from: "each", to: "paid" },
    { from: "paid", to: "ask" },
    { from: "ask", to: "done", on: "approved" },
  ],
};
const NOTE = { input: { type: "object" }, steps: { note: { http: { post: "https://notes.example/n", json: { text: "{{ input.text }}" } }, effect: "idempotent", sandbox: { output: { id: 7 } } }, say: { llm: { model: "openai/gpt-5-mini", prompt: "Say it." }, sandbox: { output: "Said." } } }, edges: [{ from: "note", to: "say" }], output: "steps.say.output" };
const BROKEN = { input: { type: "object" }, steps: { think: { llm: { model: "openai/gpt-5-mini", prompt: "{{ input.text }}" }, sandbox: { output: "Think." } }, call: { http: { get: "https://shop.example/gone" }, effect: "read", retry: { attempts: 3, backoff: "20ms..20ms" }, sandbox: { error: { code: "http_503", retryable: true, times: 9, message: "The shop does not answer" } } } }, edges: [{ from: "think", to: "call" }] };
const LARGE = {
  input: { type: "object" },
  start: "begin",
  limits: { steps: 100_000 },
  steps: {
    begin: { set: { at: "0" } },
    each: {
      map: {
        over: "input.items",
        concurrency: 16,
        body: {
          steps: {
            look: { http: { get: "https://shop.example/items/{{ item }}" }, effect: "read", sandbox: { output: { name: "thing", tags: ["a", "b"] } } },
            judge: { llm: { model: "openai/gpt-5-mini", prompt: "Is number {{ item }} good? Say why in one sentence." }, sandbox: { output: "It is good, since nothing speaks against it." } },
            keep: { set: { value: "item" } },
          },
          edges: [{ from: "look", to: "judge" }, { from: "judge", to: "keep" }],
        },
      },
    },
    done: { end: { output: "{'done': true}" } },
  },
  edges: [{ from: "begin", to: "each" }, { from: "each", to: "done" }],
};
const SMALL = { input: { type: "object" }, steps: { keep: { set: { value: "input.at" } } }, output: "steps.keep.output" };
/** Slow enough to be watched. */
const SLOW = { input: { type: "object" }, steps: Object.fromEntries(Array.from({ length: 4 }, (_, at) => [`part_${at + 1}`, { llm: { model: "openai/gpt-5-mini", prompt: "Go on." }, sandbox: { output: "On.", delay: "700ms" } }])), edges: [1, 2, 3].map((at) => ({ from: `part_${at}`, to: `part_${at + 1}` })) };

async function once(api, id, flow) {
  const known = await api("GET", `${base}/agents/${id}`).catch(() => null);
  if (!known) await agentOf(api, id, flow);
}

/** The record once it is as wanted. */
export async function until(api, agent, id, isSo) {
  const lateMs = Date.now() + WAIT_MS;
  for (;;) {
    const record = await api("GET", `${recordsOf(agent)}/${id}`);
    if (isSo(record)) return record;
    if (Date.now() > lateMs) throw new Error(`${agent} ${id} stays ${record.status}: ${JSON.stringify(record.waitingFor)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** One that has done much and waits for a signal. */
export async function waiting(api, what = "tea") {
  await once(api, "parcel-note", NOTE);
  await once(api, "parcel-order", ORDER);
  const { executionRecordId: id } = await start(api, "parcel-order", { what });
  await until(api, "parcel-order", id, (record) => record.waitingFor?.kind === "EVENT");
  return id;
}

export async function failed(api) {
  await once(api, "parcel-broken", BROKEN);
  const answer = await start(api, "parcel-broken", { text: HOSTILE });
  await until(api, "parcel-broken", answer.executionRecordId, (record) => record.status === "FAILED");
  return answer.executionRecordId;
}

/** As many attempts as are asked for, and a few. */
export async function large(api, attempts = 5_000) {
  await once(api, "parcel-large", LARGE);
  const items = Array.from({ length: Math.ceil(attempts / 3) }, (_, at) => at);
  const { executionRecordId: id } = await start(api, "parcel-large", { items });
  await until(api, "parcel-large", id, (record) => record.status === "COMPLETED");
  return id;
}

export async function slow(api) {
  await once(api, "parcel-slow", SLOW);
}

/** Many small ones, eight at a time. */
export async function manyExecutions(api, count) {
  await once(api, "parcel-small", SMALL);
  let next = 0;
  const work = async () => {
    while (next < count) {
      next += 1;
      await start(api, "parcel-small", { at: next });
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
}
