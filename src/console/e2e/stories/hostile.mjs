// Every field that a stranger or a model can fill holds text that tries to run. Nothing runs, and nothing is asked for elsewhere.
import assert from "node:assert/strict";
import { apiOf, openPage, signIn } from "../browser.mjs";
import { agentOf, HOSTILE, open, start } from "../seeds.mjs";

export const title = "Hostile text in every field stays text";

const base = "/v1/tenants/default";
/** What a field refuses is no danger; what it takes has to be harmless. Says which fields took it. */
const took = [];
async function fill(api, name, method, path, body) {
  try {
    const answer = await api(method, path, body);
    took.push(name);
    return answer;
  } catch (error) {
    if (!/: 4\d\d /.test(error.message)) throw error;
    return null;
  }
}

const line = HOSTILE.replace(/\n/g, " ");

async function approvals(api) {
  const form = { type: "object", required: ["x"], properties: { x: { type: "string", title: line, description: HOSTILE }, y: { enum: [line, "b"], title: line } } };
  const call = { http: { post: "https://evil.example/pay", headers: { "X-Note": "{{ input.word }}" }, query: { q: "{{ input.text }}" }, json: { note: "{{ input.text }}", nested: { [line]: "{{ input.text }}" } } }, effect: "once", sandbox: { output: { said: HOSTILE } } };
  const input = { type: "object" };
  const approval = { title: "{{ input.text }}", show: ["input.text", "input.many"], action: "pay", decisions: ["approve", "edit", "reject"] };
  await agentOf(api, "hostile", { title: line, description: HOSTILE, input, steps: { check: { approval }, pay: call }, edges: [{ from: "check", to: "pay", on: "approved" }] }, { description: HOSTILE });
  await agentOf(api, "hostile-ask", { input, steps: { q: { ask: { title: "{{ input.text }}", form } } } });
  await fill(api, "agent.displayName", "PATCH", `${base}/agents/hostile`, { displayName: line.slice(0, 100) });
  await fill(api, "agent.description", "PATCH", `${base}/agents/hostile`, { description: HOSTILE });
  await fill(api, "agent.tags", "PATCH", `${base}/agents/hostile`, { tags: [`"><img src=x onerror=window.__hit=1>`] });
  const parameters = { text: HOSTILE, word: "<b>x</b>", many: { [line]: [HOSTILE, { [HOSTILE]: HOSTILE }] } };
  for (const agent of ["hostile", "hostile", "hostile-ask"]) await start(api, agent, parameters);
  const [one, two] = await open(api, "hostile");
  const [asked] = await open(api, "hostile-ask");
  assert.ok(one && two && asked, "the questions are there");
  assert.ok(one.outboundMessage.includes("onerror"));
  await fill(api, "comment", "POST", `${base}/pendingApprovals/${one.id}/comments`, { text: HOSTILE });
  await fill(api, "reason", "POST", `${base}/pendingApprovals/${two.id}:decide`, { decision: "edit", digest: two.digest, arguments: { note: HOSTILE, more: HOSTILE }, reason: HOSTILE });
  return { one, two, asked };
}

async function settings(api) {
  await fill(api, "key.name", "POST", `${base}/apiKeys:generate`, { name: line.slice(0, 60), preset: "approver", user: `<img src=x onerror=window.__hit=1>`, type: HOSTILE });
  await fill(api, "key.user", "POST", `${base}/apiKeys:generate`, { name: "k", preset: "approver", user: `<svg/onload=window.__hit=1>`, roles: ["<b>role</b>"] });
  const webhook = await fill(api, "webhook.description", "POST", `${base}/webhooks`, { url: "https://hooks.example/%22%3E%3Csvg/onload=window.__hit=1%3E?x=<b>", description: HOSTILE });
  await fill(api, "secret.name", "PUT", `${base}/secrets/${encodeURIComponent("<img src=x>")}`, { value: "abcdef" });
  return webhook;
}

/** What is released, and what starts agents. */
async function releases(api) {
  const agent = `${base}/agents/hostile`;
  await fill(api, "environment.displayName", "POST", `${base}/environments`, { displayName: line.slice(0, 60), description: HOSTILE, config: { [line.slice(0, 60)]: HOSTILE } });
  await fill(api, "deploy.reason", "POST", `${agent}/revisions/2:deploy`, { reason: line.slice(0, 400) });
  await fill(api, "rollback.reason", "POST", `${agent}:rollback`, { toRevision: 1, reason: line.slice(0, 400) });
  const trigger = await fill(api, "trigger.displayName", "POST", `${base}/triggers`, { displayName: line.slice(0, 100), description: HOSTILE.slice(-400), kind: "MANUAL", agentIds: ["hostile"], parameters: { [line.slice(0, 60)]: HOSTILE } });
  if (trigger) await fill(api, "firing.payload", "POST", `${base}/triggers/${trigger.id}:fire`, { origin: "TEST", samplePayload: { [line]: HOSTILE } });
  return trigger;
}

/** A draft in which every name and every text tries to be more; most of it is no sound flow, and still has to be drawn. */
async function draft(api) {
  const name = line.slice(0, 120);
  const flow = {
    flow: "hostile-drawn",
    title: HOSTILE,
    description: HOSTILE,
    input: { type: "object", properties: { [name]: { type: "string", description: HOSTILE, default: HOSTILE } } },
    config: { [name]: HOSTILE },
    steps: {
      [name]: { title: HOSTILE, set: { [name]: HOSTILE } },
      ask: { approval: { title: HOSTILE, show: [HOSTILE], action: name, approvers: { any_of: [HOSTILE] } } },
      call: { http: { post: HOSTILE, headers: { [name]: HOSTILE }, json: { [name]: HOSTILE } }, sandbox: { output: HOSTILE } },
      model: { title: line, llm: { model: HOSTILE, system: HOSTILE, prompt: HOSTILE, output: { type: "object", properties: { [name]: { description: HOSTILE } } } } },
      nokind: { title: line, [name]: HOSTILE },
    },
    edges: [{ from: name, to: "ask", when: HOSTILE }, { from: "ask", to: "call", on: name }, { from: "call", to: "model", on: "error" }],
    output: HOSTILE,
  };
  await api("POST", `${base}/agents`, { id: "hostile-drawn", displayName: line.slice(0, 100) });
  const answer = await fill(api, "draft", "PUT", `${base}/agents/hostile-drawn/revisions/0/draft`, { flow: JSON.stringify(flow, null, 2) });
  await fill(api, "revision.comment", "POST", `${base}/agents/hostile/revisions`, { comment: line.slice(0, 300), flow: { flow: "hostile", title: HOSTILE, input: { type: "object" }, steps: { check: { set: { said: JSON.stringify(HOSTILE) } }, more: { title: HOSTILE, set: { said: "'x'" } } }, edges: [{ from: "check", to: "more", when: `"${"<img src=x onerror=window.__hit=1>"}" != ''` }, { from: "check", to: "more", otherwise: true }] } });
  return answer;
}

/** The designer: every step, every tab, two revisions, and what was executed. */
async function drawn({ page, look, calm, execution }) {
  const unfold = () => page.evaluate(() => document.querySelectorAll(".designer-form details").forEach((one) => (one.open = true)));
  await look("/agents/hostile-drawn/design", () => page.locator(".react-flow__node"));
  for (const id of ["ask", "call", "model", "nokind"]) {
    await page.locator(`.react-flow__node[data-id="${id}"]`).click();
    await page.getByRole("tab", { name: "Step" }).click();
    await page.getByLabel("Title of the step").waitFor();
    await unfold();
    await page.locator(".designer-hidden .hidden-mark", { hasText: "RLO" }).first().waitFor();
    await calm(`the designer's form of ${id}`);
  }
  await page.locator(".react-flow__node").first().click();
  await calm("the designer's form of a step with a hostile name");
  await page.getByTestId("canvas").locator(".react-flow__pane").click({ position: { x: 8, y: 8 } });
  await page.getByRole("tab", { name: "Flow" }).click();
  await calm("the designer's form of the flow");
  await page.getByRole("tab", { name: /Problems/ }).click();
  await page.getByRole("list", { name: "Problems" }).waitFor();
  await calm("the problems");
  await page.getByRole("tab", { name: "Test" }).click();
  await page.getByRole("button", { name: "Test run" }).waitFor();
  await calm("the test");
  await page.getByRole("tab", { name: "YAML" }).click();
  await page.locator(".designer-yaml .cm-content").waitFor();
  await calm("the text");
  await look(`/agents/hostile/design/1?execution=${execution}`, () => page.locator(".react-flow__node .tone-waiting"));
  await page.getByRole("tab", { name: "Test" }).click();
  await page.getByRole("region", { name: "The execution" }).waitFor();
  await page.locator('.react-flow__node[data-id="check"]').click();
  await page.getByRole("tab", { name: "Step" }).click();
  await unfold();
  await calm("a hostile execution in the designer");
  await look("/agents/hostile/design/1?compare=2", () => page.getByLabel("Differences, line by line"));
  await look("/agents/hostile/revisions", () => page.getByText("onerror"));
  await look("/agents/hostile/executions", () => page.getByRole("row"));
  await look(`/agents/hostile/executions/${execution}`, () => page.getByText("onerror"));
}

export async function story({ browser, server }) {
  const api = apiOf(server);
  took.length = 0;
  const { one, two, asked } = await approvals(api);
  const webhook = await settings(api);
  await draft(api);
  const trigger = await releases(api);
  for (const field of ["comment", "reason", "agent.description", "draft", "revision.comment", "deploy.reason", "trigger.displayName", "firing.payload"]) assert.ok(took.includes(field), `${field} takes hostile text; it took ${took.join(", ")}`);
  const { page, context, faults } = await openPage(browser, server);
  page.on("dialog", (dialog) => faults.push(`a script opened a dialog: ${dialog.message()}`));
  page.on("popup", () => faults.push("a window was opened"));
  await signIn(page, server);
  const calm = async (place) => {
    assert.equal(await page.evaluate(() => window.__hit), undefined, `a script ran at ${place}`);
    // Nothing of it became an element, or a link to somewhere else.
    const made = await page.evaluate(() => document.querySelectorAll("main img, main iframe, main script, main style, main base, main link, main a[href^='javascript'], main a[href*='evil.example']:not([href^='#']), dialog img, dialog iframe, dialog script").length);
    assert.equal(made, 0, `text became elements at ${place}`);
  };
  const look = async (place, until) => {
    await page.goto(`${server.url}/#${place}`);
    await until().filter({ visible: true }).first().waitFor().catch(async (error) => {
      throw new Error(`${place}: ${error.message}\n${(await page.locator("body").innerText()).slice(0, 2_000)}`);
    });
    await calm(place);
  };
  const text = (part) => () => page.getByText(part);
  await look("/inbox", text("onerror"));
  await look(`/inbox/${one.id}`, () => page.locator(".inbox-comments").getByText("onerror"));
  await page.locator(".inbox-shown .hidden-mark", { hasText: "RLO" }).first().waitFor();
  await page.keyboard.press("e");
  await page.getByRole("dialog").waitFor();
  await calm("the edit form");
  await page.getByRole("button", { name: "Back", exact: true }).click();
  await page.keyboard.press("r");
  await page.getByRole("dialog").waitFor();
  await calm("the rejection");
  await page.getByRole("button", { name: "Back", exact: true }).click();
  await look(`/inbox/${asked.id}`, () => page.getByRole("button", { name: "Answer" }));
  await page.keyboard.press("a");
  await page.getByRole("dialog").waitFor();
  await calm("the answer form");
  await page.getByRole("button", { name: "Back", exact: true }).click();
  await look(`/inbox/${two.id}`, text(/Approved with changes/));
  await look("/agents", text("hostile"));
  await look("/agents/hostile", text("Running now"));
  await look("/executions", text("hostile"));
  // The one that was approved, so that there is a call to look at, too.
  const place = `/agents/hostile/executions/${two.executionRecordId}`;
  await look(`${place}/${encodeURIComponent("pay#1.1")}`, () => page.locator(".execution-attempt").getByText("onerror"));
  await look(`${place}/${encodeURIComponent("check#1.1")}`, () => page.locator(".execution-attempt").getByText("onerror"));
  await page.locator(".execution-attempt .hidden-mark", { hasText: "RLO" }).first().waitFor();
  await look(`${place}?view=graph`, () => page.locator(".react-flow__node"));
  await look(`${place}?view=journal`, () => page.locator(".execution-journal").getByText("onerror"));
  await page.locator(".execution-journal .text-button").first().click();
  await page.getByRole("dialog").getByText("onerror").first().waitFor();
  await calm("an entry of the journal");
  await page.keyboard.press("Escape");
  await look(`${place}?view=data`, text("onerror"));
  await look(`${place}/${encodeURIComponent(`<img src=x onerror=window.__hit=1>#1.1`)}`, text("There is no such attempt"));
  await look(`/executions?label=${encodeURIComponent(`a=<img src=x onerror=window.__hit=1>`)}`, text("No execution fits"));
  await look("/agents/hostile/budgets", text("In production"));
  const [{ id: execution }] = (await api("GET", `${base}/agents/hostile/executionRecords?pageSize=1&status=WAITING_FOR_HUMAN`)).items;
  await drawn({ page, look, calm, execution });
  await look("/agents/hostile/deployments", () => page.getByRole("table", { name: "History of deployments" }).getByText("onerror"));
  await page.getByRole("region", { name: "Production" }).getByRole("button", { name: "Deploy" }).click();
  await page.getByText("What follows").waitFor();
  await calm("a deployment");
  await page.getByRole("button", { name: "Keep as it is" }).click();
  await look("/agents/hostile/compare?before=1&after=2", () => page.locator(".release-graph .react-flow__node"));
  await page.getByLabel("Differences, line by line").waitFor();
  await calm("a comparison");
  await look(`/agents/hostile/triggers?trigger=${trigger.id}`, () => page.getByRole("dialog").getByRole("table", { name: "Firings" }));
  await page.getByRole("dialog").getByRole("row", { name: /hostile/ }).first().click();
  await page.getByText("What it carried").waitFor();
  await calm("a firing");
  await look("/operate/triggers", text("onerror"));
  await look("/operate/environments", () => page.getByRole("row", { name: /Production/ }));
  await look("/operate", text("Free on the disk"));
  await look("/operate/keys", text("onload"));
  for (const row of await page.getByRole("row").all()) {
    if (!/on(load|error)/.test(await row.innerText())) continue;
    await row.click();
    await page.getByText("What happened to it").waitFor();
    await calm("a key");
    await page.getByRole("button", { name: "Close" }).click();
  }
  await look("/operate/secrets", () => page.getByRole("heading", { name: "Secrets" }));
  await look(webhook ? `/operate/webhooks?webhook=${webhook.id}` : "/operate/webhooks", () => page.getByRole("heading", { name: "Webhooks" }));
  await look("/operate/audit", text("agent.created"));
  await look(`/inbox?search=${encodeURIComponent(line)}`, () => page.getByLabel("Search approvals"));
  await look(`/operate/${encodeURIComponent("<img src=x onerror=window.__hit=1>")}`, text("There is nothing at this address"));
  // Not through the answers of a foreign page either: a place that is not there shows its own name as text.
  await look(`/${encodeURIComponent("<img src=x onerror=window.__hit=1>")}`, text("There is nothing at this address"));
  assert.deepEqual(faults, []);
  await context.close();
}
