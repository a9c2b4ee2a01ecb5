// Somebody watches executions: what they do, why they stand, what each attempt saw, and makes them go on, stop, and begin again.
import assert from "node:assert/strict";
import { assertAccessible } from "../axe.mjs";
import { apiOf, openPage, PHONE, signIn } from "../browser.mjs";
import { failed, large, recordsOf, slow, until, waiting } from "../execution-seeds.mjs";
import { decide, open, start } from "../seeds.mjs";

export const title = "Somebody watches executions live, looks into attempts, signals, pauses, cancels, retries and forks";

const base = "/v1/tenants/default";
const at = (server, place) => `${server.url}/#${place}`;
const line = (page, id) => page.locator(`[data-line="${id}"]`);

async function looks({ page, api, server }) {
  const id = await waiting(api);
  await page.goto(at(server, "/executions"));
  await page.getByRole("link", { name: id.slice(-8) }).click();
  await page.getByText("A signal has not come").waitFor();
  await line(page, "draft#2.1").getByText("visit 2").waitFor();
  await line(page, "stock#1.3").getByText("Done").waitFor();
  await assertAccessible(page, "the timeline");
  await line(page, "stock#1.2").click();
  const attempt = page.getByRole("article");
  await attempt.getByText("http_503").first().waitFor();
  await attempt.getByRole("button", { name: /try 3/ }).click();
  await attempt.getByText("stock: 3", { exact: false }).first().waitFor();
  // The address is the attempt's own: it opens in a fresh page.
  assert.ok(page.url().includes(encodeURIComponent("stock#1.3")), page.url());
  await page.reload();
  await attempt.getByText("stock#1.3").first().waitFor();
  await page.keyboard.press("k");
  await attempt.getByText("stock#1.2").first().waitFor();
  await line(page, "draft#2.1").click();
  await attempt.getByText("You write short slogans.").waitFor();
  await attempt.locator(".hidden-mark", { hasText: "RLO" }).waitFor();
  await assertAccessible(page, "an attempt");
  await line(page, "note#1.1").click();
  await attempt.getByRole("heading", { name: "Child execution" }).waitFor();
  await attempt.getByRole("link", { name: /parcel-note/ }).waitFor();
  await page.getByLabel("Find an attempt").fill("each#");
  await line(page, "each#1.1").click();
  await attempt.getByRole("heading", { name: "What went in" }).waitFor();
  await attempt.getByText("pot", { exact: true }).first().waitFor();
  await page.getByLabel("Find an attempt").press("Escape");
  await page.keyboard.press("2");
  await page.locator(".react-flow__node", { hasText: "paid" }).getByText("Waits").waitFor();
  await page.locator(".react-flow__node", { hasText: "stock" }).click();
  await attempt.getByText("3 attempts").waitFor();
  await page.locator(".react-flow__node", { hasText: "each" }).dblclick();
  await page.locator(".react-flow__node", { hasText: "reserve" }).getByText("×3").waitFor();
  await page.keyboard.press("3");
  await page.getByRole("row", { name: /frame_opened/ }).first().waitFor();
  await page.getByLabel("From entry").fill("20");
  await page.getByRole("button", { name: "Go" }).click();
  await page.getByRole("button", { name: "20", exact: true }).click();
  await page.getByRole("dialog").getByText("entry 20").waitFor();
  await page.keyboard.press("Escape");
  await assertAccessible(page, "the journal");
  await page.keyboard.press("4");
  await page.getByText("2 executions").waitFor();
  await page.keyboard.press("5");
  await page.getByRole("heading", { name: "Input" }).waitFor();
  return id;
}

async function moves({ page, api, server }, id) {
  await page.goto(at(server, `/agents/parcel-order/executions/${id}`));
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("dialog").getByLabel("Why").fill("Looking at it");
  await page.getByRole("dialog").getByRole("button", { name: "Pause it" }).click();
  await page.getByText("A person holds it").waitFor();
  assert.equal((await api("GET", `${recordsOf("parcel-order")}/${id}`)).paused, true);
  await page.getByRole("button", { name: "Let it go on" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Let it go on" }).click();
  await page.getByText("A signal has not come").waitFor();
  await page.getByRole("button", { name: "Send the signal" }).click();
  await page.getByRole("dialog").getByLabel("Payload, as JSON").fill('{"amount": 9007199254740993}');
  await page.getByText("cannot keep so large a number").waitFor();
  await page.getByRole("dialog").getByLabel("Payload, as JSON").fill('{"amount": 12}');
  await page.getByRole("dialog").getByRole("button", { name: "Send it" }).dblclick();
  await page.getByText("A person has to decide").waitFor();
  // What happens elsewhere is seen here at once.
  const [question] = await open(api, "parcel-order");
  await decide(api, question, { decision: "approve" });
  await page.locator(".room-head [data-status=COMPLETED]").waitFor();
  await page.getByLabel("Find an attempt").fill("done");
  await line(page, "done#1.1").locator("[data-status=SUCCESS]").waitFor();
}

async function stops({ page, api, server }) {
  const id = await waiting(api, "pots");
  await page.goto(at(server, `/agents/parcel-order/executions/${id}`));
  await page.getByText("A signal has not come").waitFor();
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("3 steps are taken back").waitFor();
  await assertAccessible(page, "what a cancel would touch");
  await dialog.getByRole("button", { name: "Cancel it" }).dblclick();
  await page.locator(".room-head [data-status=CANCELLED]").waitFor();
  assert.equal((await until(api, "parcel-order", id, (record) => record.status === "CANCELLED")).status, "CANCELLED");
}

async function stopsMany({ page, api, server }) {
  const ids = [await waiting(api, "one"), await waiting(api, "two")];
  await page.goto(at(server, "/agents/parcel-order/executions?status=WAITING_FOR_ASYNC"));
  await page.getByRole("button", { name: "Cancel what fits" }).click();
  await page.getByRole("dialog").getByText("2 executions").waitFor();
  await assertAccessible(page, "cancelling several");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel 2" }).click();
  await page.getByText("2 executions cancelled.").waitFor();
  for (const id of ids) await until(api, "parcel-order", id, (record) => record.status === "CANCELLED");
}

async function again({ page, api, server }) {
  const id = await failed(api);
  await page.goto(at(server, `/agents/parcel-broken/executions/${id}`));
  await page.getByRole("link", { name: "See the attempt" }).click();
  await page.getByRole("article").getByText("The shop does not answer").first().waitFor();
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Retry" }).click();
  await page.getByText("Departed from").waitFor();
  await line(page, "call#1.3").getByText("Failed").waitFor();
  await page.goto(at(server, `/agents/parcel-broken/executions/${id}/${encodeURIComponent("think#1.1")}`));
  await page.getByRole("button", { name: "Fork from here" }).click();
  await page.getByRole("dialog").getByLabel("Its output, as JSON").fill('"Think again."');
  await page.getByRole("dialog").getByRole("button", { name: "Fork", exact: true }).click();
  await page.getByText("Departed from").waitFor();
  const forked = (await api("GET", `${recordsOf("parcel-broken")}?pageSize=1`)).items[0];
  const { trace } = await api("GET", `${recordsOf("parcel-broken")}/${forked.id}/trace`);
  assert.equal(forked.departedFrom, id);
  assert.ok(JSON.stringify(trace).includes("Think again."), "the fork has the other output");
  await page.getByRole("button", { name: "Start again" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Change the input" }).click();
  await page.getByRole("dialog").getByLabel("Input, as JSON").fill('{"text": "other"}');
  await page.getByRole("dialog").getByRole("button", { name: "Start again" }).click();
  await page.waitForFunction((old) => !location.hash.includes(old), forked.id);
  await page.keyboard.press("5");
  await page.getByText("other", { exact: false }).first().waitFor();
}

/** The page was opened while it ran: every step shows up without anybody asking. */
async function live({ page, api, server, context }) {
  await slow(api);
  const begun = start(api, "parcel-slow", {});
  let record;
  while (!record) [record] = (await api("GET", `${recordsOf("parcel-slow")}?pageSize=1`)).items;
  await page.goto(at(server, `/agents/parcel-slow/executions/${record.id}`));
  await page.getByText("A model has been asked for").waitFor();
  // The line is cut in the middle of it, as in a tunnel.
  await context.setOffline(true);
  await begun;
  await context.setOffline(false);
  await page.locator(".room-head [data-status=COMPLETED]").waitFor();
  await line(page, "part_4#1.1").getByText("Done").waitFor();
}

async function phone({ browser, server, api }) {
  const id = await large(api, 600);
  const { page, context, faults } = await openPage(browser, server, { viewport: PHONE, colorScheme: "dark" });
  await signIn(page, server);
  await page.goto(at(server, `/agents/parcel-large/executions/${id}/${encodeURIComponent("each[150]/judge#1.1")}`));
  await page.getByRole("dialog").getByText("Is number 150 good?").waitFor();
  await assertAccessible(page, "an attempt on a phone");
  await page.keyboard.press("Escape");
  await page.locator(".execution-line").first().waitFor();
  assert.ok((await page.locator(".execution-line").count()) < 80, "only what is seen is drawn");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= PHONE.width, `nothing is wider than the phone (${wide})`);
  await page.goto(at(server, "/executions?hasToolCalls=false"));
  await page.getByText("No execution fits").or(page.locator(".execution-card")).first().waitFor();
  await assertAccessible(page, "the list on a phone");
  assert.deepEqual(faults, []);
  await context.close();
}

export async function story({ browser, server }) {
  const api = apiOf(server);
  assert.equal((await api("GET", `${base}/executionRecords`)).items.length, 0);
  const { page, context, faults } = await openPage(browser, server);
  await signIn(page, server);
  await page.goto(at(server, "/executions"));
  await page.getByText("Nothing has run yet").waitFor();
  const all = { page, api, server, context };
  const id = await looks(all);
  await moves(all, id);
  await stops(all);
  await stopsMany(all);
  await again(all);
  await live(all);
  assert.deepEqual(faults, []);
  await context.close();
  await phone({ browser, server, api });
}
