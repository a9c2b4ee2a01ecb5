// Tenants for the pictures of every room with no row, one row, and very many: whatever a room lists, the tenant has as many of it.
import { doubts } from "./seeds.mjs";

const AT_ONCE = 6;
/** Each waits for a call; so many fill a page. */
const DOUBTS_MAX = 60;
const SMALL = (id) => ({ flow: id, input: { type: "object" }, steps: { keep: { set: { value: "input.at" } } }, output: "steps.keep.output" });
const ASKS = { flow: "asks", input: { type: "object" }, steps: { ask: { ask: { title: "How much of thing {{ input.at }} may be ordered?", form: { type: "object", properties: { amount: { type: "number" } } } } } } };

/** After an answer that the server has enough to do. */
const AGAIN_MS = 200;

/** Does it so many times, a few at once. What a limit of the server refuses ends the list. */
async function times(count, act) {
  let next = 0;
  let isFull = false;
  const work = async () => {
    while (next < count && !isFull) {
      next += 1;
      const at = next;
      for (let isTaken = false; !isTaken && !isFull; ) {
        isTaken = true;
        await act(at).catch(async (error) => {
          if (/ (409|422) /.test(error.message)) isFull = true;
          else if (!/ (429|503) /.test(error.message)) throw error;
          else {
            isTaken = false;
            await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
          }
        });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** A tenant with `count` of everything; made once. */
export async function tenantOf(api, tenant, count) {
  const base = `/v1/tenants/${tenant}`;
  const known = await api("GET", "/v1/tenants");
  if (known.some((one) => one.id === tenant)) return;
  await api("POST", "/v1/tenants", { id: tenant, displayName: `With ${count}` });
  if (count === 0) return;
  const agent = async (id, flow, displayName) => {
    await api("POST", `${base}/agents`, { id, displayName });
    await api("POST", `${base}/agents/${id}/revisions`, { flow });
  };
  await agent("a0", SMALL("a0"), "Letters to customers");
  const asks = count === 1 ? "a0" : "asks";
  if (count === 1) await api("POST", `${base}/agents/a0/revisions`, { flow: { ...ASKS, flow: "a0" }, comment: "Asks" });
  else await agent("asks", ASKS, "Purchasing");
  const trigger = await api("POST", `${base}/triggers`, { displayName: "Every night", kind: "SCHEDULE", agentIds: ["a0"], schedule: { cron: "30 2 * * *" }, parameters: { at: 0 } });
  if (count === 1) {
    await api("POST", `${base}/agents/a0/revisions/2:deploy`, {});
    await api("POST", `${base}/triggers/${trigger.id}:fire`, {});
  } else {
    await times(count, (at) => api("POST", `${base}/agents`, { id: `agent-${at}`, displayName: `Agent ${at}` }));
    await times(count, (at) => api("POST", `${base}/agents/a0:execute`, { parameters: { at } }));
    await times(count, (at) => api("POST", `${base}/agents/${asks}:execute`, { parameters: { at } }));
    await times(count, (at) => api("POST", `${base}/triggers/${trigger.id}:fire`, { samplePayload: { at } }));
    await times(count, (at) => api("POST", `${base}/triggers`, { displayName: `Trigger ${at}`, kind: at % 3 === 0 ? "WEBHOOK" : at % 3 === 1 ? "MANUAL" : "SCHEDULE", agentIds: ["a0"], ...(at % 3 === 2 ? { schedule: { cron: `${at % 60} 3 * * *` } } : {}) }));
    for (let at = 2; at <= Math.min(count, 200); at += 1) await api("POST", `${base}/agents/a0/revisions`, { flow: { ...SMALL("a0"), title: `Letters ${at}` }, comment: `change ${at}` });
    await times(count, (at) => api("POST", `${base}/agents/a0/revisions/${(at % 2) + 1}:deploy`, { reason: `change ${at}` }));
  }
  // What was decided, and what nobody can know, beside what is open.
  const start = (at) => api("POST", `${base}/agents/${asks}:execute`, { parameters: { at } });
  if (count === 1) await start(2);
  const { items } = await api("GET", `${base}/pendingApprovals?status=PENDING&pageSize=200`);
  await Promise.all(items.slice(0, Math.max(1, Math.min(150, items.length - 1))).map((one) => api("POST", `${base}/pendingApprovals/${one.id}:decide`, { digest: one.digest, decision: "respond", response: { amount: 4 }, reason: "As every month" })));
  await doubts(api, Math.min(count, DOUBTS_MAX), tenant);
  await times(count, (at) => api("POST", `${base}/apiKeys:generate`, { name: `key ${at}`, preset: "developer" }));
  await times(count, (at) => api("PUT", `${base}/secrets/secret_${at}`, { value: "a-secret-value" }));
  await times(count, (at) => api("POST", `${base}/webhooks`, { url: `https://hooks.example/${at}`, description: `Desk ${at}` }));
  await times(count, (at) => api("POST", `${base}/environments`, { displayName: `Place ${at}` }));
}

/** An agent to which nothing has happened yet. */
async function bare(api) {
  const base = "/v1/tenants/rows-bare";
  if ((await api("GET", "/v1/tenants")).some((one) => one.id === "rows-bare")) return;
  await api("POST", "/v1/tenants", { id: "rows-bare", displayName: "With an agent" });
  await api("POST", `${base}/agents`, { id: "a0", displayName: "Letters to customers" });
}

/** Executions with nothing, with one attempt, and with very many attempts and children, by how many. */
const made = {};
const WAIT_MS = 60_000;

async function ended(api, base, agent, id) {
  for (const lateMs = Date.now() + WAIT_MS; Date.now() < lateMs; ) {
    const record = await api("GET", `${base}/agents/${agent}/executionRecords/${id}`);
    if (record.endTime > 0) return id;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  throw new Error(`${agent} ${id} does not end`);
}

async function executionOf(api, tenant, count) {
  if (made[count]) return;
  const base = `/v1/tenants/${tenant}`;
  const agent = async (id, flow) => {
    await api("POST", `${base}/agents`, { id, displayName: id });
    await api("POST", `${base}/agents/${id}/revisions`, { flow: { flow: id, ...flow } });
  };
  const run = async (id, parameters) => {
    const { executionRecordId } = await api("POST", `${base}/agents/${id}:execute`, { parameters });
    return `/agents/${id}/executions/${await ended(api, base, id, executionRecordId)}`;
  };
  const name = `rows-${count}`;
  if (count === 0) {
    // Its budget is used up by the first one: the second is refused before anything runs.
    await agent(name, { input: { type: "object" }, steps: { think: { llm: { model: "openai/gpt-5-mini", prompt: "Think." }, sandbox: { output: "Thought." } } } });
    await run(name, {});
    await api("PUT", `${base}/agents/${name}/budget`, { amount: 0.000001, enforceLimit: true });
    await api("POST", `${base}/agents/${name}:execute`, { parameters: {} }).catch(() => null);
    const { items } = await api("GET", `${base}/agents/${name}/executionRecords?status=REJECTED`);
    made[count] = `/agents/${name}/executions/${items[0]?.id}`;
    return;
  }
  const keep = { set: { value: "input.at" } };
  await agent(`${name}-child`, { input: { type: "object" }, steps: { keep }, output: "steps.keep.output" });
  if (count === 1) made[count] = await run(`${name}-child`, { at: 1 });
  else {
    const each = { map: { over: "input.items", concurrency: 16, body: { steps: { child: { flow: { agent: `${name}-child`, input: { at: "item" } } } } } } };
    await agent(name, { input: { type: "object" }, limits: { steps: 100_000 }, steps: { each }, output: "size(steps.each.output)" });
    made[count] = await run(name, { items: Array.from({ length: count }, (_, at) => at) });
  }
}

/** A draft of so many steps, one after the other. */
async function longDraft(api, tenant, count) {
  const base = `/v1/tenants/${tenant}`;
  if (await api("GET", `${base}/agents/long`).catch(() => null)) return;
  const steps = Array.from({ length: count }, (_, at) => `  s${at}:\n    set: {value: "${at}"}\n`).join("");
  const edges = Array.from({ length: count - 1 }, (_, at) => `  - {from: s${at}, to: s${at + 1}}\n`).join("");
  await api("POST", `${base}/agents`, { id: "long", displayName: "A long flow" });
  await api("PUT", `${base}/agents/long/revisions/0/draft`, { flow: `flow: long\nsteps:\n${steps}edges:\n${edges}` });
}

/** The rooms that list something: their address, and what is there with no row. */
const ROOMS = [
  ["agents", "/agents"],
  ["executions", "/executions"],
  ["inbox", "/inbox"],
  ["inbox-closed", "/inbox?view=closed"],
  ["operate", "/operate"],
  ["stuck", "/operate/stuck"],
  ["keys", "/operate/keys"],
  ["secrets", "/operate/secrets"],
  ["webhooks", "/operate/webhooks"],
  ["audit", "/operate/audit"],
  ["triggers", "/operate/triggers"],
  ["environments", "/operate/environments"],
  ["retention", "/operate/retention"],
];
const OF_AGENT = [
  ["agent", "/agents/a0"],
  ["revisions", "/agents/a0/revisions"],
  ["deployments", "/agents/a0/deployments"],
  ["agent-executions", "/agents/a0/executions"],
  ["agent-triggers", "/agents/a0/triggers"],
  ["agent-budgets", "/agents/a0/budgets"],
  ["compare", "/agents/a0/compare"],
  ["designer", "/agents/a0/design"],
];
const OF_EXECUTION = [
  ["execution", ""],
  ["graph", "?view=graph"],
  ["journal", "?view=journal"],
  ["family", "?view=family"],
  ["data", "?view=data"],
];

/** The trigger that has fired, opened: its firings are there. */
const opened = (page) => page.getByRole("row", { name: /Every night/ }).first().click().then(() => page.getByRole("dialog").getByRole("table", { name: "Firings" }).getByRole("row").nth(1).waitFor());

/** Pictures of each room in each of the three tenants. */
export function rowShots(count) {
  const shots = [];
  for (const [many, tenant] of [[0, "rows-none"], [1, "rows-one"], [count, "rows-many"]]) {
    const prepare = (api) => tenantOf(api, tenant, many);
    const at = (place, of = tenant) => `${place}${place.includes("?") ? "&" : "?"}tenant=${of}`;
    const shot = (name, more) => shots.push(Object.assign(more, { name: `rows-${name}-${many}`, until: ".room h1", prepare: more.prepare ?? prepare, then: settled }));
    for (const [name, place] of ROOMS) shot(name, { at: at(place) });
    for (const [name, place] of OF_AGENT) {
      if (many === 0) shot(name, { at: at(place, "rows-bare"), prepare: bare });
      else if (name !== "designer" || many === 1) shot(name, { at: at(place) });
      else shot(name, { at: at("/agents/long/design"), prepare: async (api) => (await prepare(api), longDraft(api, tenant, many)) });
    }
    // Where there is nothing, what runs has a tenant of its own.
    const where = many === 0 ? "rows-bare" : tenant;
    const begin = many === 0 ? bare : prepare;
    for (const [name, view] of OF_EXECUTION) shot(name, { get at() { return at(`${made[many]}${view}`, where); }, prepare: async (api) => (await begin(api), executionOf(api, where, many)) });
    if (many > 0) shots.push({ name: `rows-trigger-${many}`, at: `/operate/triggers?tenant=${tenant}`, until: ".table-row", prepare, then: many === 1 ? opened : found });
  }
  return shots;
}

/** Nothing is loading any more. */
async function settled(page) {
  await page.locator(".skeleton").first().waitFor({ state: "detached" }).catch(() => undefined);
  await page.waitForTimeout(page.url().includes("/design") || page.url().includes("view=graph") ? 1_000 : 250);
}

/** Among many triggers it is the last one that is made first: looked for. */
async function found(page) {
  await page.getByRole("searchbox").first().fill("Every night");
  await opened(page);
}
