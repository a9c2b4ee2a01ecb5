// A flow of three steps, made with the mouse, tried out, and saved.
import assert from "node:assert/strict";
import { assertAccessible } from "../axe.mjs";
import { apiOf, openPage, signIn } from "../browser.mjs";

export const title = "A person draws a flow of three steps, tries it out, and saves a revision";

async function drag(page, from, to) {
  const a = await from.boundingBox();
  const b = await to.boundingBox();
  await page.mouse.move(a.x + a.width / 2, a.y + a.height / 2);
  await page.mouse.down();
  await page.mouse.move(b.x + b.width / 2, b.y + b.height / 2 - 20, { steps: 8 });
  await page.mouse.move(b.x + b.width / 2, b.y + b.height / 2, { steps: 4 });
  await page.mouse.up();
}

/** Waits until something stands still. */
async function settled(locator) {
  for (let before = null; ; ) {
    const now = JSON.stringify(await locator.boundingBox());
    if (now === before) return;
    before = now;
    await locator.page().waitForTimeout(100);
  }
}

export async function story({ browser, server }) {
  const api = apiOf(server);
  const agent = `drawn-${Date.now()}`;
  const base = `/v1/tenants/default/agents/${agent}`;
  await api("POST", "/v1/tenants/default/agents", { id: agent, displayName: "Drawn" });
  const { page, context, faults } = await openPage(browser, server);
  await signIn(page, server);
  await page.goto(`${server.url}/#/agents/${agent}/design`);
  await page.getByRole("button", { name: "Begin with an empty canvas" }).click();

  const add = async (kind) => {
    await page.getByRole("button", { name: "Add step" }).click();
    await page.getByRole("dialog").getByRole("button", { name: kind, exact: true }).click();
  };
  const node = (id) => page.locator(`.react-flow__node[data-id="${id}"]`);
  await add("Values");
  await node("set").waitFor();
  await page.getByRole("textbox", { name: "Name 1" }).fill("text");
  await page.getByRole("combobox", { name: "Value of" }).fill("'Hello'");
  await add("Approval");
  await node("approval").waitFor();
  await add("End");
  await node("end").waitFor();
  await page.getByRole("button", { name: "Show all" }).click();
  await settled(node("set"));
  await drag(page, node("set").locator('[data-port="ok"]'), node("approval").locator(".react-flow__handle-top"));
  await page.locator(".react-flow__edge").first().waitFor({ state: "attached" });
  await drag(page, node("approval").locator('[data-port="approved"]'), node("end").locator(".react-flow__handle-top"));
  await page.locator(".react-flow__edge").nth(1).waitFor({ state: "attached" });

  // What may be written is offered: the step that comes before for certain.
  await node("end").click();
  await page.getByRole("textbox", { name: "Output" }).or(page.getByLabel("Add a setting").first()).first().waitFor();
  let draft = null;
  for (const until = Date.now() + 60_000; Date.now() < until; await page.waitForTimeout(200)) {
    draft = await api("GET", `${base}/revisions/0/draft`);
    if (draft?.headData.flow.includes("to: end")) break;
  }
  assert.deepEqual(draft.problems, []);
  assert.match(draft.headData.flow, /\{from: set, to: approval\}/);
  assert.match(draft.headData.flow, /\{from: approval, to: end, on: approved\}/);
  assert.match(draft.headData.flow, /text: "?'Hello'"?/);
  await assertAccessible(page, "the designer");

  // Undo takes the last edge away, redo brings it back.
  await page.getByRole("button", { name: "Undo" }).click();
  await page.locator(".react-flow__edge").nth(1).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Redo" }).click();
  await page.locator(".react-flow__edge").nth(1).waitFor({ state: "attached" });

  // A test stops at the person, and the canvas shows it.
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.getByRole("button", { name: "Test run" }).click();
  await node("set").locator(".tone-good").first().waitFor();
  await node("approval").locator(".tone-waiting").first().waitFor();

  await page.getByRole("tab", { name: "YAML" }).click();
  await page.locator(".designer-yaml .cm-content").waitFor();
  await page.getByRole("button", { name: "Save revision" }).click();
  await page.getByLabel("Why").fill("Drawn by hand");
  await page.getByRole("button", { name: "Save the revision" }).click();
  await page.getByText("Revision 1 is saved").waitFor();
  const revision = await api("GET", `${base}/revisions/1`);
  assert.equal(revision.comment, "Drawn by hand");
  assert.deepEqual(faults, []);
  await context.close();
}
