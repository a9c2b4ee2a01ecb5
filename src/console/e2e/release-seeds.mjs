// What the release and trigger rooms begin with: an agent of three revisions, what was deployed of it, and what starts it.
import { agentOf, decide, open, start } from "./seeds.mjs";

const base = "/v1/tenants/default";

const LETTER = (prompt, more = {}, edges = []) => ({
  input: { type: "object", required: ["to"], properties: { to: { type: "string" } } },
  steps: {
    draft: { title: "Write the letter", llm: { model: "openai/gpt-5-mini", prompt }, sandbox: { output: "Dear Ada, good morning." } },
    review: { title: "Read it through", approval: { title: "Send the letter?", action: "send", approvers: { any_of: ["role:office"] } } },
    send: { title: "Post it", http: { post: "https://mail.example/letters", json: { text: "{{ steps.draft.output }}" } }, effect: "once", sandbox: { output: { sent: true } } },
    ...more,
  },
  edges: [{ from: "draft", to: "review" }, { from: "review", to: "send", on: "approved" }, ...edges],
  output: "steps.draft.output",
});

/** An agent with three revisions, the second of which says something else and the third of which has a step more. The first is deployed. */
export async function letters(api, id) {
  await agentOf(api, id, LETTER("Greet {{ input.to }}."), { displayName: "Letters" });
  const revise = (comment, flow) => api("POST", `${base}/agents/${id}/revisions`, { comment, flow: { flow: id, ...flow } });
  await revise("Warmer words", LETTER("Greet {{ input.to }} warmly, in two lines."));
  await revise("The archive gets a copy", LETTER("Greet {{ input.to }} warmly, in two lines.", { archive: { title: "Keep a copy", set: { text: "steps.draft.output" } } }, [{ from: "send", to: "archive" }]));
}

/** What the release rooms are photographed with: shared traffic, a second environment, executions that wait, triggers that fired. */
export async function someReleases(api) {
  if (await api("GET", `${base}/agents/letters`).catch(() => null)) return;
  await letters(api, "letters");
  await api("POST", `${base}/environments`, { displayName: "Staging", config: { shop_url: "https://staging.shop.example" } }).catch(() => undefined);
  await api("POST", `${base}/environments`, { displayName: "Partners" }).catch(() => undefined);
  for (let at = 0; at < 4; at += 1) await start(api, "letters", { to: `Ada ${at}` });
  await api("POST", `${base}/agents/letters/revisions/3:deploy`, { environment: "staging", reason: "To try the archive" });
  await api("POST", `${base}/agents/letters/revisions/2:deploy`, { reason: "Customers want warmer words" });
  for (let at = 0; at < 3; at += 1) await start(api, "letters", { to: `Ben ${at}` });
  await api("POST", `${base}/agents/letters:split`, { split: [{ revision: 2, weight: 9 }, { revision: 3, weight: 1 }], reason: "A tenth for the archive" });
  const [first, second] = await open(api, "letters");
  if (first) await decide(api, first, { decision: "approve" });
  if (second) await decide(api, second, { decision: "reject", reason: "Too warm" });
  await someTriggers(api);
}

export async function someTriggers(api) {
  const trigger = (body) => api("POST", `${base}/triggers`, { agentIds: ["letters"], ...body });
  const nightly = await trigger({ displayName: "Every night", kind: "SCHEDULE", schedule: { cron: "30 2 * * mon-fri", timeZone: "Europe/Berlin", catchUp: "last" }, parameters: { to: "Eve" }, budget: { amount: 5, enforceLimit: true } });
  await trigger({ displayName: "Orders of the shop", description: "Whoever pays gets a letter", kind: "WEBHOOK", eventType: "order.paid", mapping: { to: "payload.data.name" }, filter: "has(payload.data.name)" });
  const held = await trigger({ displayName: "First of the month", kind: "SCHEDULE", schedule: { cron: "0 6 1 * *" }, parameters: { to: "everybody" } });
  await api("POST", `${base}/triggers/${held.id}:pause`, {});
  await trigger({ displayName: "By the desk", kind: "MANUAL", active: false });
  await api("PATCH", `${base}/triggers/${nightly.id}`, { overlap: "queue" });
  for (let at = 0; at < 3; at += 1) await api("POST", `${base}/triggers/${nightly.id}:fire`, { origin: "TEST", samplePayload: { to: `Eve ${at}` } });
}

/** A long history of deployments. */
export async function manyDeploys(api, count) {
  for (let at = 0; at < count; at += 1) await api("POST", `${base}/agents/letters-long/revisions/${(at % 3) + 1}:deploy`, { reason: `change ${at}` });
}
