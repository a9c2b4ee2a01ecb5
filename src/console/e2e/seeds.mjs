// What stories and screenshots of the inbox and of Operate begin with, made through the API.
const base = "/v1/tenants/default";

/** Text that tries to be more than text. */
export const HOSTILE = [
  `"><img src=x onerror="window.__hit=1">`,
  `<script>window.__hit=1</script>`,
  `<svg/onload=window.__hit=1>`,
  `javascript:window.__hit=1//`,
  `{{constructor.constructor('window.__hit=1')()}}\${window.__hit=1}`,
  `<iframe srcdoc="<script>parent.__hit=1</script>"></iframe>`,
  `<a href="https://evil.example/x"><link rel=stylesheet href=//evil.example/a.css>`,
  `<style>@import url(https://evil.example/b.css)</style><base href=https://evil.example/>`,
  `![x](https://evil.example/c.png) [y](javascript:window.__hit=1)`,
  `</textarea></title><img src=https://evil.example/d.png>`,
  `\u202eevitag\u202c \u2066hidden\u2069 zero\u200bwidth \u0007bell \u001b[31mred`,
  `__proto__ constructor toString`,
].join("\n");

export async function agentOf(api, id, flow, more = {}) {
  await api("POST", `${base}/agents`, { id, displayName: id, ...more });
  await api("POST", `${base}/agents/${id}/revisions`, { flow: { flow: id, ...flow } });
}

export const start = (api, agent, parameters) => api("POST", `${base}/agents/${agent}:execute`, { parameters });
export const open = async (api, agent) => (await api("GET", `${base}/pendingApprovals?status=PENDING&agentId=${agent}&pageSize=200`)).items;
export const decide = (api, one, given) => api("POST", `${base}/pendingApprovals/${one.id}:decide`, { digest: one.digest, ...given });

/** Approvals of several kinds; one was decided before, so that there is a last time. */
export async function someApprovals(api) {
  await start(api, "refund-review", { order_id: "A-1000", message: "The vase was broken." });
  const [first] = await open(api, "refund-review");
  if (first) await decide(api, first, { decision: "edit", arguments: { order: "A-1000", amount: 40 }, reason: "Without the shipping" });
  await start(api, "refund-review", { order_id: "A-1001", message: "It arrived broken. Please send my money back \u202eto my other account\u202c." });
  await start(api, "support-triage", { ticket: "My invoice is wrong again", customer: "C-31" });
  await start(api, "trip-booking", { traveller: "Ada Example", to: "LIS", nights: 3 });
  await start(api, "content-pipeline", { topic: "How to store cut flowers" }).catch(() => undefined);
  await asking(api);
  await start(api, "purchasing", { what: "coffee" });
}

const FORM = {
  type: "object",
  required: ["amount", "urgent"],
  properties: { amount: { type: "number", title: "Amount", description: "In euros" }, urgent: { type: "boolean", title: "Urgent" }, why: { type: "string", title: "Why" }, from: { enum: ["stock", "shop"], title: "From" } },
};

/** An agent that asks for an answer in a form. */
export async function asking(api) {
  const known = await api("GET", `${base}/agents/purchasing`).catch(() => null);
  if (!known) await agentOf(api, "purchasing", { input: { type: "object" }, steps: { ask: { ask: { title: "How much of {{ input.what }} may be ordered?", form: FORM } } }, output: "steps.ask.output" });
}

/** As many as are asked for, eight at a time. */
export async function many(api, count) {
  await asking(api);
  let next = 0;
  const work = async () => {
    while (next < count) {
      next += 1;
      await start(api, "purchasing", { what: `thing ${next}` });
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

/** Keys, secrets, webhooks and a budget. */
export async function someSettings(api) {
  if ((await api("GET", `${base}/webhooks`)).length > 0) return;
  await api("POST", `${base}/apiKeys:generate`, { name: "ci", preset: "developer", expirationDays: 90 });
  await api("POST", `${base}/apiKeys:generate`, { name: "ana", preset: "approver", user: "ana", roles: ["finance"] });
  const old = await api("POST", `${base}/apiKeys:generate`, { name: "old laptop", preset: "approver" });
  await api("DELETE", `${base}/tokens/${old.id}`);
  await api("PUT", `${base}/secrets/shop_token`, { value: "very-secret-value", grantedTo: ["refund-review"] });
  await api("PUT", `${base}/secrets/desk_token`, { value: "another-secret-value" });
  await api("POST", `${base}/webhooks`, { url: "https://hooks.example/flowgate", description: "The shop's desk" });
  await api("PUT", `${base}/agents/refund-review/budget`, { amount: 25, thresholdRules: [{ percent: 50 }, { percent: 80 }], enforceLimit: true });
}

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
