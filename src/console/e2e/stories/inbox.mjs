// A person who only decides: on a phone and on a desk, with the keyboard, twice at once, and after somebody else.
import assert from "node:assert/strict";
import { assertAccessible } from "../axe.mjs";
import { apiOf, openPage, PHONE, signIn } from "../browser.mjs";
import { asking, decide, open, start } from "../seeds.mjs";

export const title = "A person decides approvals: on a phone, by keyboard, in a form, several at once, and not twice";

const base = "/v1/tenants/default";
const at = (server, place) => `${server.url}/#${place}`;

async function phone({ browser, server, api }) {
  await start(api, "refund-review", { order_id: "A-1", message: "It broke" });
  const [refund] = await open(api, "refund-review");
  const { page, context, faults } = await openPage(browser, server, { viewport: PHONE });
  await signIn(page, server);
  await page.goto(at(server, "/inbox"));
  await page.getByRole("link", { name: /Refund 42.5 EUR for order A-1/ }).click();
  await page.getByText("https://shop.example/refunds").waitFor();
  await page.waitForFunction(() => document.title.startsWith("(1) "));
  await assertAccessible(page, "an approval on a phone");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= PHONE.width, `nothing is wider than the phone (${wide})`);
  await page.getByRole("button", { name: "Approve" }).click();
  // It cannot be taken back, so it is asked about once; a double click is one decision.
  await page.getByRole("dialog").getByText("It happens once and cannot be taken back.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Approve" }).dblclick();
  await page.getByText("Approved", { exact: true }).waitFor();
  const after = await api("GET", `${base}/pendingApprovals/${refund.id}`);
  assert.equal(after.decided.decision, "approve");
  assert.equal(after.decided.digest, refund.digest);
  await page.getByRole("button", { name: "All approvals" }).click();
  await page.getByText("Nothing waits for you").waitFor();
  assert.deepEqual(faults, []);
  await context.close();
}

async function editAndReject({ page, api, server }) {
  await start(api, "refund-review", { order_id: "A-2", message: "Broken" });
  await start(api, "refund-review", { order_id: "A-3", message: "Broken, too" });
  const [two, three] = await open(api, "refund-review");
  await page.goto(at(server, `/inbox/${two.id}`));
  await page.getByText(/The arguments are the same|Last time was/).first().waitFor();
  await page.keyboard.press("e");
  await page.getByLabel("amount").fill("10");
  await page.getByRole("dialog").getByRole("button", { name: /Approve so/ }).click();
  await page.getByText("Approved with changes", { exact: true }).waitFor();
  assert.deepEqual((await api("GET", `${base}/pendingApprovals/${two.id}`)).decided.arguments, { order: "A-2", amount: 10 });
  await page.keyboard.press("j");
  await page.getByRole("heading", { name: /order A-3/ }).waitFor();
  await page.getByLabel("Say something to the others").fill("Is this the vase?");
  await page.getByRole("button", { name: "Comment" }).click();
  await page.getByText("Is this the vase?").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Claim" }).click();
  await page.getByText(/You are/).waitFor();
  // Focus stays in no field, so the key counts.
  await page.keyboard.press("r");
  await page.getByLabel("Why not").fill("Not before we saw a picture");
  await page.getByRole("dialog").getByRole("button", { name: "Reject" }).click();
  await page.getByText("Rejected", { exact: true }).waitFor();
  assert.equal((await api("GET", `${base}/pendingApprovals/${three.id}`)).decided.reason, "Not before we saw a picture");
}

async function elsewhere({ page, api, server }) {
  await start(api, "refund-review", { order_id: "A-4", message: "Broken" });
  const [one] = await open(api, "refund-review");
  await page.goto(at(server, `/inbox/${one.id}`));
  await page.getByRole("heading", { name: /order A-4/ }).waitFor();
  await page.keyboard.press("a");
  await page.getByRole("dialog").waitFor();
  await decide(api, one, { decision: "reject", reason: "I was quicker" });
  // The dialog may be gone already, when the page has heard of it.
  await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click({ timeout: 5_000 }).catch(() => undefined);
  await page.getByText("I was quicker").first().waitFor();
  assert.equal((await api("GET", `${base}/pendingApprovals/${one.id}`)).decided.decision, "reject");
}

async function answer({ page, api, server }) {
  await asking(api);
  await start(api, "purchasing", { what: "tea" });
  const [one] = await open(api, "purchasing");
  await page.goto(at(server, `/inbox/${one.id}`));
  await page.getByRole("heading", { name: "How much of tea may be ordered?" }).waitFor();
  await page.keyboard.press("a");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Send the answer" }).click();
  await dialog.getByText("Something must stand here.").first().waitFor();
  await dialog.getByLabel("Amount").fill("12.5");
  await dialog.getByLabel("Urgent").selectOption("true");
  await assertAccessible(page, "the form of an answer");
  await dialog.getByRole("button", { name: "Send the answer" }).click();
  await page.getByText("Answered", { exact: true }).waitFor();
  assert.deepEqual((await api("GET", `${base}/pendingApprovals/${one.id}`)).decided.response, { amount: 12.5, urgent: true });
}

async function bulk({ page, api, server }) {
  for (const order of ["B-1", "B-2", "B-3"]) await start(api, "refund-review", { order_id: order, message: "Broken" });
  const three = await open(api, "refund-review");
  await page.goto(at(server, "/inbox"));
  for (const order of ["B-1", "B-2", "B-3"]) await page.getByRole("checkbox", { name: new RegExp(order) }).check();
  await page.getByRole("button", { name: "Approve 3" }).click();
  const [first] = three;
  await decide(api, first, { decision: "reject", reason: "Before you" });
  await page.getByRole("dialog").getByRole("button", { name: "Approve 3" }).click();
  await page.getByRole("heading", { name: "2 of 3 approved" }).waitFor();
  await page.getByRole("dialog").getByText(/before|decided/i).first().waitFor();
  await assertAccessible(page, "what became of several decisions");
  await page.getByRole("button", { name: "Done" }).click();
}

/** What others do is seen without asking: the list is asked for by itself once a minute, which is longer than anything here waits. */
async function live({ page, api, server }) {
  await page.goto(at(server, "/inbox"));
  await page.getByText("Nothing waits for you").waitFor();
  await start(api, "refund-review", { order_id: "L-1", message: "Broken" });
  const [one] = await open(api, "refund-review");
  await page.getByRole("link", { name: /order L-1/ }).waitFor();
  await page.waitForFunction(() => document.title.startsWith("(1) "));
  await decide(api, one, { decision: "reject", reason: "Not this one" });
  await page.getByText("Nothing waits for you").waitFor();
  await page.waitForFunction(() => !document.title.startsWith("("));
}

export async function story({ browser, server }) {
  const api = apiOf(server);
  await phone({ browser, server, api });
  const { page, context, faults } = await openPage(browser, server);
  await signIn(page, server);
  const all = { page, api, server };
  await editAndReject(all);
  await elsewhere(all);
  await answer(all);
  await bulk(all);
  await live(all);
  await page.goto(at(server, "/inbox?view=closed"));
  await page.getByText("Decided").first().waitFor();
  await assertAccessible(page, "the inbox");
  assert.deepEqual(faults, []);
  await context.close();
}
