// The flow of refunds, from an empty canvas to an answer: drawn, written in forms, tested, saved, deployed, run, approved on a phone, watched to
// its end, changed, compared. What is saved is what flows/refund-review.yaml says by hand.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { assertAccessible } from "../axe.mjs";
import { apiOf, openPage, PHONE, program, signIn } from "../browser.mjs";
import { drag, draftWith, edges, field, fold, form, inside, node, own, rename, setting, settled, write } from "../designer.mjs";

export const title = "A person builds the flow of refunds from an empty canvas, and takes it to production and to its end";
/** The agents that are there before: not the one that is built. */
export const flows = ["flows/company-profile.yaml"];

const agent = "refund-review";
const base = `/v1/tenants/default/agents/${agent}`;
const byHand = new URL("../../../../flows/refund-review.yaml", import.meta.url);

const { flow: wanted, wantedSteps } = await (async () => {
  const flow = parse(await readFile(byHand, "utf8"));
  return { flow, wantedSteps: flow.steps };
})();

/** What stands in a text area for YAML. */
const asYaml = (value) => JSON.stringify(value);

async function begin(page, server) {
  await page.goto(`${server.url}/#/agents`);
  await page.getByRole("button", { name: "New agent" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Refund review");
  assert.equal(await dialog.getByLabel("Id", { exact: true }).inputValue(), agent);
  await dialog.getByRole("button", { name: "Make it" }).click();
  await page.getByRole("button", { name: "Begin with an empty canvas" }).click();
  await page.getByText("No step yet").waitFor();
}

/** What belongs to the flow itself. */
async function theFlow(page) {
  await page.getByRole("tab", { name: "Flow" }).click();
  const fields = own(page);
  for (const [label, value] of [["Title", wanted.title], ["Description", wanted.description]]) {
    await setting(fields, label);
    await write(fields.getByLabel(label, { exact: true }), value);
  }
  for (const [label, value] of [["Input", wanted.input], ["Config", wanted.config], ["Limits", wanted.limits], ["Defaults", wanted.defaults]]) {
    await setting(fields, label);
    if (label === "Input") await write(fields.getByLabel(label, { exact: true }), asYaml(value));
    else if (label === "Config") await pairs(fieldset(fields, label), value);
    else await fillParts(inside(fold(fields, label)), value);
  }
}

/** Settings with fields of their own, by their names. */
async function fillParts(fields, value) {
  for (const [key, one] of Object.entries(value)) {
    const label = key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");
    await fields.waitFor();
    if ((await field(fields, label).count()) === 0) await setting(fields, label);
    await write(field(fields, label), typeof one === "object" ? asYaml(one) : String(one));
  }
}

const fieldset = (within, legend) => within.locator("fieldset").filter({ has: within.page().locator("legend", { hasText: legend }) });

async function dragKind(page, kind, x, y) {
  const canvas = await page.getByTestId("canvas").boundingBox();
  await page.getByRole("button", { name: `Add ${kind}`, exact: true }).hover();
  await page.mouse.down();
  await page.mouse.move(canvas.x + x, canvas.y + y, { steps: 6 });
  await page.mouse.move(canvas.x + x + 2, canvas.y + y + 2, { steps: 2 });
  await page.mouse.up();
}

/** From a handle to where nothing is: the palette asks what comes there. */
async function pull(page, from, port, kind, dx, dy) {
  const handle = node(page, from).locator(`[data-port="${port}"]`);
  const box = await handle.boundingBox();
  await drag(page, handle, { x: box.x + dx, y: box.y + dy });
  await page.getByRole("dialog", { name: `What comes after ${from}?` }).getByRole("button", { name: kind, exact: true }).click();
}

async function common(page, id) {
  const step = wantedSteps[id];
  if (step.title) await write(form(page).getByLabel("Title of the step"), step.title);
  if (step.effect || step.retry) {
    const runs = fold(form(page), "How it runs");
    await runs.locator("summary").first().click();
    if (step.effect) {
      await setting(inside(runs), "Effect");
      await inside(runs).getByLabel("Effect", { exact: true }).selectOption(step.effect);
    }
    if (step.retry) {
      await setting(inside(runs), "Retry");
      await fillParts(inside(fold(inside(runs), "Retry")), step.retry);
    }
  }
  if (step.sandbox) {
    const rehearsal = fold(form(page), "In a rehearsal");
    await rehearsal.locator("summary").click();
    await write(rehearsal.getByLabel("What answers instead"), asYaml(step.sandbox));
  }
}

async function llm(page, id) {
  const { llm: spec } = wantedSteps[id];
  await rename(page, id);
  const fields = own(page);
  await write(fields.getByLabel("System", { exact: true }), spec.system);
  await write(field(fields, "Prompt"), spec.prompt);
  if (spec.output) {
    await setting(fields, "Output");
    await write(fields.getByLabel("Output", { exact: true }), asYaml(spec.output));
  }
  if (spec.temperature !== undefined) {
    await setting(fields, "Temperature");
    await write(fields.getByLabel("Temperature", { exact: true }), String(spec.temperature));
  }
  await setting(fields, "Max tokens");
  await write(fields.getByLabel("Max tokens", { exact: true }), String(spec.max_tokens));
  await common(page, id);
}

async function pairs(set, values) {
  let at = 1;
  for (const [name, value] of Object.entries(values)) {
    if ((await set.getByLabel(`Name ${at}`, { exact: true }).count()) === 0) await set.getByRole("button", { name: "Add" }).click();
    await write(set.getByLabel(`Name ${at}`, { exact: true }), name);
    await write(set.getByLabel(`Value of ${name}`, { exact: true }), value);
    at += 1;
  }
}

async function http(page, id, method) {
  const { http: spec } = wantedSteps[id];
  await rename(page, id);
  const fields = own(page);
  if (method !== "get") await fields.getByLabel("Method").selectOption(method);
  await write(fields.getByLabel("Address", { exact: true }), spec[method]);
  await pairs(fieldset(fields, "Headers"), spec.headers);
  if (spec.json) await write(fields.getByLabel("Json", { exact: true }), asYaml(spec.json));
  await common(page, id);
}

async function approval(page) {
  const { approval: spec } = wantedSteps.review;
  await rename(page, "review");
  const fields = own(page);
  await write(fields.getByLabel(/^Title/), spec.title);
  const show = fieldset(fields, "Show");
  for (const [at, expression] of spec.show.entries()) {
    await show.getByRole("button", { name: "Add" }).click();
    const line = show.getByLabel(`Show ${at + 1}`, { exact: true });
    if (at > 0) {
      await write(line, expression);
      continue;
    }
    // What may be written here is offered; the arrow and Enter take it.
    await line.pressSequentially("input.mess");
    await show.getByRole("option", { name: /input\.message/ }).waitFor();
    await page.keyboard.press("Enter");
    await line.blur();
    assert.equal(await line.inputValue(), expression);
  }
  for (const decision of spec.decisions) {
    if ((await fields.getByLabel(decision, { exact: true }).count()) === 0) await setting(fields, "Decisions");
    await fields.getByLabel(decision, { exact: true }).check();
  }
  const approvers = fold(fields, "Approvers");
  if (await approvers.count()) {
    if (!(await approvers.evaluate((one) => one.open))) await approvers.locator("summary").first().click();
    const any = fieldset(inside(approvers), "Any of");
    if ((await any.count()) === 0) await setting(inside(approvers), "Any of");
    await any.getByRole("button", { name: "Add" }).click();
    await write(any.getByLabel("Any of 1", { exact: true }), spec.approvers.any_of[0]);
    if ((await inside(approvers).getByLabel("Quorum", { exact: true }).count()) === 0) await setting(inside(approvers), "Quorum");
    await write(inside(approvers).getByLabel("Quorum", { exact: true }), String(spec.approvers.quorum));
  } else await write(fields.getByLabel("Approvers", { exact: true }), asYaml(spec.approvers));
  await setting(fields, "Remind");
  const remind = fieldset(fields, "Remind");
  await remind.getByRole("button", { name: "Add" }).click();
  await write(remind.getByLabel("Remind 1", { exact: true }), spec.remind[0]);
  const expires = fold(fields, "Expires");
  if (!(await expires.evaluate((one) => one.open))) await expires.locator("summary").first().click();
  await write(inside(expires).getByLabel(/^After/), spec.expires.after);
  await inside(expires).getByLabel(/^Then/).selectOption(spec.expires.then);
}

async function draw(page) {
  await dragKind(page, "Model", 320, 60);
  await node(page, "llm").waitFor();
  await llm(page, "classify");
  await pull(page, "classify", "ok", "HTTP call", 40, 80);
  await node(page, "http").waitFor();
  await http(page, "order", "get");
  await pull(page, "order", "ok", "Approval", 40, 80);
  await node(page, "approval").waitFor();
  await approval(page);
  await dragKind(page, "HTTP call", 480, 420);
  await node(page, "http").waitFor();
  await http(page, "refund", "post");
  await dragKind(page, "Values", 320, 520);
  await node(page, "set").waitFor();
  await rename(page, "outcome");
  await pairs(fieldset(form(page), "Values (expressions)"), wantedSteps.outcome.set);
  await common(page, "outcome");
  await page.getByRole("button", { name: "Arrange" }).click();
  await page.getByRole("button", { name: "Show all" }).click();
  await settled(node(page, "outcome"));
  // The approval's action can be chosen now that the step is there.
  await node(page, "review").click();
  await own(page).getByLabel("Action", { exact: true }).selectOption("refund");
  const into = (id) => node(page, id).locator(".react-flow__handle-top");
  const join = async (from, port, to, count) => {
    await drag(page, node(page, from).locator(`[data-port="${port}"]`), into(to));
    await edges(page).nth(count - 1).waitFor({ state: "attached" });
  };
  await join("classify", "ok", "outcome", 3);
  await join("review", "approved", "refund", 4);
  await join("review", "rejected", "outcome", 5);
  await join("refund", "ok", "outcome", 6);
  await page.getByRole("button", { name: "Arrange" }).click();
  await page.getByRole("button", { name: "Show all" }).click();
  await settled(node(page, "outcome"));
  await pull(page, "outcome", "ok", "Model", 0, 60);
  await node(page, "llm").waitFor();
  await llm(page, "reply");
  // Conditions, in the forms of their edges.
  await page.getByRole("button", { name: "Arrange" }).click();
  await page.getByRole("button", { name: "Show all" }).click();
  await settled(node(page, "outcome"));
  const edge = async (name) => {
    await page.getByRole("group", { name }).or(page.locator(`[aria-label="${name}"]`)).first().focus();
    await page.keyboard.press("Enter");
    await form(page).getByLabel("Only when").waitFor();
  };
  await edge("From classify to order");
  await write(form(page).getByLabel("Only when"), wanted.edges[0].when);
  await edge("From classify to outcome");
  await form(page).getByLabel("Otherwise").check();
  // Nothing is chosen: the flow's own output.
  await page.getByTestId("canvas").locator(".react-flow__pane").click({ position: { x: 12, y: 12 } });
  await setting(own(page), "Output");
  await write(own(page).getByLabel("Output", { exact: true }), wanted.output);
}

async function checked(text) {
  const folder = await mkdtemp(join(tmpdir(), "flowgate-drawn-"));
  try {
    const file = join(folder, "refund-review.yaml");
    await writeFile(file, text);
    await promisify(execFile)(program(), ["flow", "check", file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Edges mean the same in any order. */
const sorted = (flow) => ({ ...flow, edges: [...flow.edges].map((one) => JSON.stringify(one, Object.keys(one).sort())).sort() });

export async function story({ browser, server }) {
  const api = apiOf(server);
  const { page, context, faults } = await openPage(browser, server);
  await signIn(page, server);
  await begin(page, server);
  await theFlow(page);
  await draw(page);
  const draft = await draftWith(page, api, agent, (text, one) => one.problems.length === 0 && /^output:/m.test(text));
  const { ui, ...drawn } = parse(draft.headData.flow);
  assert.deepEqual(sorted(drawn), sorted(wanted));
  assert.ok(Object.keys(ui.positions).length === 6);
  await checked(draft.headData.flow);
  await page.getByTestId("saving").getByText("Draft saved").waitFor();
  await assertAccessible(page, "the designer with a whole flow");

  // Tested: the canvas shows each step, up to the person.
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await form(page).getByLabel("Input", { exact: true }).fill('{order_id: A-77, message: "It arrived broken"}');
  await page.getByRole("button", { name: "Test run" }).click();
  await node(page, "order").locator(".tone-good").first().waitFor();
  await node(page, "review").locator(".tone-waiting").first().waitFor();

  // Saved, and deployed at once.
  await page.getByRole("button", { name: "Save revision" }).click();
  await page.getByLabel("Why").fill("The first one");
  await page.getByLabel("Deploy it to production at once").check();
  await page.getByRole("button", { name: "Save the revision" }).click();
  await page.getByText("Revision 1 is saved").waitFor();
  assert.equal((await api("GET", base)).currentRevision, 1);

  // Run, and approved by somebody with a phone.
  const started = await api("POST", `${base}:execute`, { parameters: { order_id: "A-1001", message: "It arrived broken" } });
  const execution = started.executionRecordId;
  await phone(browser, server);

  // Watched to its end, on the canvas, by its revision.
  await page.goto(`${server.url}/#/agents/${agent}/design/1?execution=${execution}`);
  await node(page, "reply").locator(".tone-good").first().waitFor();
  await node(page, "refund").locator(".tone-good").first().waitFor();

  await changed(page, api);
  await released(page, api);
  assert.deepEqual(faults, []);
  await context.close();
}

async function phone(browser, server) {
  const { page, context, faults } = await openPage(browser, server, { viewport: PHONE });
  await signIn(page, server);
  await page.goto(`${server.url}/#/inbox`);
  await page.getByRole("link", { name: /Refund 42.5 EUR for order A-1001/ }).click();
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
  await page.getByText("Approved", { exact: true }).waitFor();
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= PHONE.width);
  assert.deepEqual(faults, []);
  await context.close();
}

/** Another prompt, another revision; the difference on the canvas, in words and in lines. */
async function changed(page, api) {
  await node(page, "reply").click();
  await page.getByRole("tab", { name: "Step" }).click();
  const prompt = field(own(page), "Prompt");
  await write(prompt, (await prompt.inputValue()).replace("at most four sentences", "at most two sentences"));
  await page.getByTestId("saving").getByText("Draft saved").waitFor();
  await page.getByRole("button", { name: "Save revision" }).click();
  await page.getByLabel("Why").fill("Shorter answers");
  await page.getByRole("button", { name: "Save the revision" }).click();
  await page.getByText("Revision 2 is saved").waitFor();
  assert.equal((await api("GET", base)).currentRevision, 1, "saving does not deploy");
  await page.getByRole("button", { name: "Compare" }).click();
  await node(page, "reply").getByText("changed").waitFor();
  assert.equal(await node(page, "order").getByText("changed").count(), 0);
  await page.getByLabel("What is different").getByText("reply").first().waitFor();
  await page.getByLabel("Differences, line by line").getByText("at most two sentences").waitFor();
  await assertAccessible(page, "two revisions compared");
}

/** A tenth of what starts runs the new one; then back to the one before. In the room of releases, with the mouse. */
async function released(page, api) {
  const production = async () => (await api("GET", `${base}/deployments`)).find((one) => one.environment === "production").split.map((one) => `${one.revision}:${one.weight}`);
  await page.getByRole("link", { name: "Deployments", exact: true }).click();
  const card = page.getByRole("region", { name: "Production" });
  await card.getByText("100 %", { exact: true }).waitFor();

  await card.getByRole("button", { name: "Share the traffic" }).click();
  const share = page.getByRole("dialog", { name: "Share the traffic of Production" });
  assert.equal(await share.getByLabel("Share 2 goes to").inputValue(), "2", "the newest revision is offered");
  await share.getByLabel("Percent of revision 2").click();
  await share.getByLabel("Percent of revision 2").fill("10");
  await share.getByText("What follows").waitFor();
  await share.getByText("Differs").waitFor();
  await share.getByLabel("Why").fill("A tenth first");
  await share.getByRole("button", { name: "Share it so" }).click();
  await share.waitFor({ state: "detached" });
  await card.getByText("90 %", { exact: true }).waitFor();
  await card.getByText("10 %", { exact: true }).waitFor();
  assert.deepEqual(await production(), ["1:9", "2:1"]);

  await card.getByRole("button", { name: "Roll back" }).click();
  const back = page.getByRole("dialog", { name: "Roll back" });
  await back.getByText("What ran before the present one").waitFor();
  await back.getByLabel("Why").fill("The answers are too short");
  await back.getByRole("button", { name: "Roll back to revision 1" }).click();
  await back.waitFor({ state: "detached" });
  await card.getByText("100 %", { exact: true }).waitFor();
  await page.getByRole("table", { name: "History of deployments" }).getByText("The answers are too short").waitFor();
  await assertAccessible(page, "rolled back");
  assert.deepEqual(await production(), ["1:1"]);
  assert.equal((await api("GET", base)).currentRevision, 1);
}
