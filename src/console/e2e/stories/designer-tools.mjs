// What one reaches for while a flow is worked on: problems as one types, copies, finding, the text, map bodies, two tabs, one step alone, the past.
import assert from "node:assert/strict";
import { assertAccessible } from "../axe.mjs";
import { apiOf, openPage, signIn } from "../browser.mjs";
import { draftWith, edges, fold, form, node, settled, write } from "../designer.mjs";

export const title = "A person changes a flow: problems, copies, search, text, map bodies, two tabs, one step alone, and what ran before";

const base = "/v1/tenants/default/agents";
const at = (server, place) => `${server.url}/#${place}`;
const tab = (page, name) => page.getByRole("tab", { name });
const saved = (page) => page.getByTestId("saving").getByText("Draft saved").waitFor();

/** A new agent begins from one of the templates. */
async function fromTemplate({ page, api, server }) {
  await api("POST", base, { id: "leads", displayName: "Leads" });
  await page.goto(at(server, "/agents/leads/design"));
  await page.getByRole("button", { name: "lead enrichment" }).click();
  await node(page, "leads").waitFor();
  const draft = await draftWith(page, api, "leads", (text) => /^flow: leads$/m.test(text));
  assert.deepEqual(draft.problems, []);
  assert.match(draft.headData.flow, /^# Lead enrichment:/, "the comments came along");
}

async function insideMap({ page, api }) {
  await node(page, "leads").dblclick();
  await node(page, "profile").waitFor();
  await page.getByRole("navigation", { name: "Which part is shown" }).getByRole("button", { name: "leads" }).waitFor();
  await settled(node(page, "result"));
  await page.getByRole("button", { name: "Add Wait", exact: true }).click();
  await node(page, "wait").waitFor();
  await page.keyboard.press("Control+z");
  await node(page, "wait").waitFor({ state: "detached" });
  await node(page, "save").click();
  await tab(page, "Step").click();
  await fold(form(page), "Names in scope").locator("summary").click();
  await form(page).locator(".designer-scope").getByText("item", { exact: true }).waitFor();
  await write(form(page).getByLabel("Title of the step"), "Keep it");
  await draftWith(page, api, "leads", (text) => text.includes("title: Keep it"));
  await page.getByRole("button", { name: "The flow" }).click();
  await node(page, "report").waitFor();
}

async function problems({ page, api }) {
  await node(page, "report").click();
  const value = form(page).getByLabel("Value of failed", { exact: true });
  const before = await value.inputValue();
  await write(value, "steps.nobody.output.size()");
  await node(page, "report").locator(".designer-wrong").waitFor();
  await tab(page, /Problems 1/).click();
  await page.getByRole("tabpanel").getByText("nobody").first().waitFor();
  await assertAccessible(page, "the problems");
  await page.getByRole("list", { name: "Problems" }).getByRole("button", { name: /report/ }).click();
  await write(form(page).getByLabel("Value of failed", { exact: true }), before);
  await node(page, "report").locator(".designer-wrong").waitFor({ state: "detached" });
  const draft = await draftWith(page, api, "leads", (_, one) => one.problems.length === 0);
  assert.match(draft.headData.flow, /lead == null/);
}

async function copies({ page }) {
  await page.getByRole("button", { name: "Show all" }).click();
  await settled(node(page, "report"));
  await node(page, "report").click();
  await page.keyboard.press("Control+c");
  await page.getByText("One step copied").waitFor();
  await page.keyboard.press("Control+v");
  await node(page, "report_2").waitFor();
  await page.keyboard.press("Delete");
  await node(page, "report_2").waitFor({ state: "detached" });
  // By keyboard alone: from step to step with Tab, chosen with Enter, moved with the arrows.
  await node(page, "report").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Paste" }).click();
  await node(page, "report_2").waitFor();
  await page.keyboard.press("Control+z");
  await node(page, "report_2").waitFor({ state: "detached" });
  // An edge, too.
  await page.locator('[aria-label="From leads to report"]').first().focus();
  await page.keyboard.press("Enter");
  await tab(page, "Edge").waitFor();
  await page.keyboard.press("Delete");
  await edges(page).first().waitFor({ state: "detached" });
  await page.keyboard.press("Control+z");
  await edges(page).first().waitFor({ state: "attached" });
}

async function finds({ page }) {
  await page.keyboard.press("/");
  await page.keyboard.type("lead == null");
  await page.getByRole("button", { name: "Next of 1" }).click();
  await page.locator(".designer-step.is-found.is-chosen").waitFor();
  await page.getByLabel("Find a step").fill("nothing like it");
  await page.getByRole("button", { name: "None" }).waitFor();
  await page.getByLabel("Find a step").fill("");
  await page.locator(".designer-map").waitFor();
}

async function text({ page, api }) {
  await tab(page, "YAML").click();
  const editor = page.locator(".designer-yaml .cm-content");
  await editor.waitFor();
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\n# the last line");
  // However quickly it is typed, nothing changes its place.
  await draftWith(page, api, "leads", (one) => one.includes("\n# the last line"));
  // What is no YAML is said, and the graph stays.
  await page.keyboard.type("\nbroken: [");
  await tab(page, /Problems 1/).waitFor();
  assert.equal(await node(page, "report").count(), 1);
  for (let count = 0; count < "\nbroken: [".length; count += 1) await page.keyboard.press("Backspace");
  await tab(page, /^Problems$/).waitFor();
  // A form changes only its own place in the text.
  await node(page, "report").click();
  await tab(page, "Step").click();
  await write(form(page).getByLabel("Title of the step"), "Count them");
  const draft = await draftWith(page, api, "leads", (one) => one.includes("title: Count them"));
  assert.match(draft.headData.flow, /# the last line/);
  assert.match(draft.headData.flow, /^# Rehearsal:/m);
}

async function twoTabs({ page, api, server, context }) {
  await saved(page);
  const other = await context.newPage();
  await other.goto(at(server, "/agents/leads/design"));
  await node(other, "report").waitFor();
  // The other tab hears nothing of the change until it writes its own.
  let hasWritten = false;
  await other.route("**/draft", (route) => {
    if (route.request().method() === "PUT") hasWritten = true;
    return hasWritten ? route.continue() : route.abort();
  });
  await page.bringToFront();
  await write(form(page).getByLabel("Title of the step"), "Mine");
  await draftWith(page, api, "leads", (one) => one.includes("title: Mine"));
  await other.bringToFront();
  await node(other, "report").click();
  await tab(other, "Step").click();
  await write(form(other).getByLabel("Title of the step"), "Theirs");
  const alert = other.getByRole("alert");
  await alert.getByText("changed this draft meanwhile").waitFor();
  await alert.getByRole("button", { name: "See the differences" }).click();
  await other.getByRole("dialog").getByText("title: Mine").waitFor();
  await other.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await assertAccessible(other, "a conflict");
  await alert.getByRole("button", { name: "Keep mine" }).click();
  await draftWith(other, api, "leads", (one) => one.includes("title: Theirs"));
  await alert.waitFor({ state: "detached" });
  await other.close();
  await page.bringToFront();
  // The first tab takes over what the other wrote, without being asked: it had nothing unsaved.
  await node(page, "report").getByText("Theirs").waitFor();
}

async function alone({ page, server }) {
  await page.goto(at(server, "/agents/refund-review/design"));
  await node(page, "reply").waitFor();
  await page.getByRole("button", { name: "Show all" }).click();
  await settled(node(page, "reply"));
  await node(page, "reply").click();
  await tab(page, "Step").click();
  await page.getByRole("button", { name: "Run this step alone" }).click();
  const dialog = page.getByRole("dialog");
  await write(dialog.getByLabel("Input of the flow"), "{order_id: A-5, message: Hello}");
  await dialog.getByLabel("Outputs of the steps before").fill("outcome: {asked: true, refunded: false}");
  await dialog.getByRole("button", { name: "Run", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  await node(page, "reply").locator(".tone-good").first().waitFor();
  assert.equal(await node(page, "refund").locator(".tone-good").count(), 0, "nothing else ran");
  await page.getByRole("region", { name: "What it did" }).getByText(/The refund was paid: false/).first().waitFor();
}

async function past({ page, api, server }) {
  const ran = await api("POST", `${base}/refund-review:execute`, { parameters: { order_id: "A-31", message: "Where is it?" } });
  await page.goto(at(server, "/agents/refund-review/design"));
  await node(page, "order").waitFor();
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.getByLabel("Show an execution").selectOption(ran.executionRecordId);
  await node(page, "order").locator(".tone-good").first().waitFor();
  await node(page, "review").locator(".tone-waiting").first().waitFor();
  await page.getByRole("link", { name: "Decide" }).waitFor();
  await node(page, "review").click();
  await tab(page, "Step").click();
  await fold(form(page), "Names in scope").locator("summary").click();
  // Every name with the value that it had.
  await form(page).locator(".designer-scope li").filter({ hasText: "steps.order.output.total" }).getByText("42.5").waitFor();
  await form(page).locator(".designer-scope li").filter({ hasText: "input.message" }).getByText("Where is it?").waitFor();
}

async function otherRevision({ page, api, server }) {
  const revision = await api("GET", `${base}/refund-review/revisions/1`);
  await api("POST", `${base}/refund-review/revisions`, { comment: "again", flow: revision.flow });
  const [ran] = (await api("GET", `${base}/refund-review/executionRecords?pageSize=1`)).items;
  await page.goto(at(server, `/agents/refund-review/design/2?execution=${ran.id}`));
  await node(page, "order").locator(".tone-good").first().waitFor();
  await tab(page, "Test").click();
  await page.getByRole("link", { name: "Open revision 1" }).click();
  await page.waitForURL(/design\/1\?execution=/);
  await node(page, "order").locator(".tone-good").first().waitFor();
}

export async function story({ browser, server }) {
  const api = apiOf(server);
  const { page, context, faults } = await openPage(browser, server);
  await signIn(page, server);
  const all = { page, api, server, context };
  for (const act of [fromTemplate, insideMap, problems, copies, finds, text, twoTabs, alone, past, otherRevision]) await act(all);
  assert.deepEqual(faults, []);
  await context.close();
}
