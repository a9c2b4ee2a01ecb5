// What stories and screenshots of the inbox and of Operate begin with, made through the API.
import { createServer } from "node:http";

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

/** A service that takes a request and goes away without an answer: whether it did what was asked, nobody knows. */
async function silentService() {
  const service = createServer((request, response) => request.on("end", () => response.destroy()).resume());
  await new Promise((resolve) => service.listen(0, "127.0.0.1", resolve));
  service.unref();
  return `http://127.0.0.1:${service.address().port}`;
}

/** Payments that may or may not have been made. */
export async function doubts(api, count, tenant = "default") {
  const at = `/v1/tenants/${tenant}`;
  const url = await silentService();
  const pay = { title: "Pay the supplier", http: { post: `${url}/payments`, json: { to: "ACME {{ input.at }}", amount: 120 } }, effect: "once" };
  await api("POST", `${at}/agents`, { id: "supplier", displayName: "Suppliers" });
  await api("POST", `${at}/agents/supplier/revisions`, { flow: { flow: "supplier", input: { type: "object" }, steps: { pay }, output: "steps.pay.output" } });
  for (let n = 1; n <= count; n += 1) await api("POST", `${at}/agents/supplier:execute`, { parameters: { at: n } });
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

/** A draft of 200 steps, of which every tenth may skip ahead, and an agent without anything. */
export async function longFlow(api) {
  const steps = Array.from({ length: 200 }, (_, at) => `  s${at}:\n    set: {value: "${at}"}\n`).join("");
  const edges = Array.from({ length: 199 }, (_, at) => `  - {from: s${at}, to: s${at + 1}${at % 10 === 0 ? ", otherwise: true" : ""}}\n${at % 10 === 0 ? `  - {from: s${at}, to: s${Math.min(199, at + 5)}, when: steps.s${at}.output.value > 5}\n` : ""}`).join("");
  await api("POST", `${base}/agents`, { id: "long-flow" }).catch(() => undefined);
  await api("PUT", `${base}/agents/long-flow/revisions/0/draft`, { flow: `flow: long-flow\nsteps:\n${steps}edges:\n${edges}` });
  await api("POST", `${base}/agents`, { id: "no-flow" }).catch(() => undefined);
}
