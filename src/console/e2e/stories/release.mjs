// Whoever releases: share the traffic, promote, compare, roll back; triggers; environments and tenants.
import assert from "node:assert/strict";
import { assertAccessible } from "../axe.mjs";
import { apiOf, openPage, PHONE, signIn } from "../browser.mjs";
import { letters } from "../release-seeds.mjs";
import { start } from "../seeds.mjs";

export const title = "A revision gets a tenth of the traffic, then all of it, and is rolled back; a trigger is made, tried, held and taken back";

const base = "/v1/tenants/default";
const agent = "story-letters";

export async function story({ browser, server }) {
  const api = apiOf(server);
  await letters(api, agent);
  await start(api, agent, { to: "Ada" });
  const { page, context, faults } = await openPage(browser, server);
  await signIn(page, server);
  const go = (place) => page.goto(`${server.url}/#${place}`);
  const production = async () => (await api("GET", `${base}/agents/${agent}/deployments`)).find((one) => one.environment === "production").split;

  await releases({ page, go, production });
  await comparison({ page, go });
  await back({ page, go, production });
  await schedule({ page, go, api });
  await inbound({ page, go });
  await places({ page, go, api });
  await page.setViewportSize(PHONE);
  for (const place of ["deployments", "triggers", "compare"]) {
    await go(`/agents/${agent}/${place}`);
    await page.getByRole("heading", { level: 2 }).first().waitFor();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= PHONE.width, `${place} is ${width} pixels wide on a phone`);
  }
  assert.deepEqual(faults, []);
  await context.close();
}

async function releases({ page, go, production }) {
  await go(`/agents/${agent}/deployments`);
  const card = page.getByRole("region", { name: "Production" });
  await card.getByText("100 %").waitFor();
  await page.getByRole("table", { name: "Who still runs on what" }).getByText("Revision 1").waitFor();
  await assertAccessible(page, "the deployments");

  await card.getByRole("button", { name: "Share the traffic" }).click();
  const share = page.getByRole("dialog");
  await share.getByLabel("Share 2 goes to").selectOption("2");
  await share.getByLabel("Percent of revision 2").fill("100");
  await share.getByText("Nothing is left").waitFor();
  await share.getByLabel("Percent of revision 2").fill("10");
  await share.getByText("1 execution goes on with revision 1").waitFor();
  await share.getByLabel("Why").fill("A tenth first");
  await assertAccessible(page, "sharing the traffic");
  await share.getByRole("button", { name: "Share it so" }).click();
  await card.getByText("90 %").waitFor();
  assert.deepEqual(await production(), [{ revision: 1, weight: 9 }, { revision: 2, weight: 1 }]);

  await card.getByRole("button", { name: "Promote revision 2" }).click();
  const promote = page.getByRole("dialog");
  await promote.getByText("What follows").waitFor();
  await promote.getByRole("button", { name: "Deploy revision 2" }).click();
  await card.getByText("100 %").waitFor();
  assert.deepEqual(await production(), [{ revision: 2, weight: 1 }]);
  await page.getByText("Takes no new ones").waitFor();
  await page.getByRole("table", { name: "History of deployments" }).getByText("A tenth first").waitFor();
}

async function comparison({ page, go }) {
  await go(`/agents/${agent}/compare?before=1&after=3`);
  await page.getByRole("row", { name: /^Succeeded/ }).waitFor();
  await page.getByText("With fewer than 30").waitFor();
  await page.getByRole("list", { name: "What is different" }).getByText("archive").first().waitFor();
  await page.locator(".designer-step.is-added").waitFor();
  await page.locator(".diff-added", { hasText: "warmly" }).waitFor();
  await assertAccessible(page, "the comparison");
}

async function back({ page, go, production }) {
  await go(`/agents/${agent}/deployments`);
  await page.getByRole("region", { name: "Production" }).waitFor();
  await page.keyboard.press("b");
  const dialog = page.getByRole("dialog", { name: "Roll back" });
  await dialog.getByText("What ran before the present one").waitFor();
  await dialog.getByText("Compare revisions 2 and 1").waitFor();
  await assertAccessible(page, "a rollback");
  await dialog.getByRole("button", { name: "Roll back to revision 1" }).click();
  await page.getByText("Rollback", { exact: true }).first().waitFor();
  assert.deepEqual(await production(), [{ revision: 1, weight: 1 }]);
}

async function schedule({ page, go, api }) {
  await go(`/agents/${agent}/triggers`);
  await page.getByText("No triggers yet").waitFor();
  await page.getByRole("button", { name: "New trigger" }).click();
  const form = page.getByRole("dialog", { name: "New trigger" });
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText("It needs a name.").waitFor();
  await form.getByLabel("Name", { exact: true }).fill("Story nightly");
  await form.getByLabel("Cron").fill("not a time");
  await form.getByRole("textbox", { name: /^to/ }).fill("Eve");
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText(/a cron expression has five fields/).waitFor();
  await assertAccessible(page, "a new trigger");
  await form.getByLabel("Cron").fill("30 2 * * *");
  await form.getByRole("list", { name: "It would fire" }).getByText("2:30").nth(2).waitFor();
  await form.getByRole("button", { name: "As JSON" }).click();
  assert.deepEqual(JSON.parse(await form.getByLabel("Parameters").inputValue()), { to: "Eve" });
  await form.getByRole("button", { name: "As a form" }).click();
  await form.getByRole("button", { name: "Save" }).click();
  const drawer = page.getByRole("dialog", { name: "Story nightly" });
  await drawer.getByRole("heading", { name: "What comes" }).waitFor();
  await drawer.locator(".trigger-times li").nth(7).waitFor();

  await drawer.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("dialog", { name: "Pause it" }).getByRole("button", { name: "Pause" }).click();
  await drawer.locator("[data-status=PAUSED]").waitFor();
  await drawer.getByRole("button", { name: "Go on" }).click();
  await drawer.locator("[data-status=ON]").waitFor();

  await drawer.getByRole("button", { name: "Fire" }).click();
  const fire = page.getByRole("dialog", { name: "Fire it now" });
  await fire.getByLabel("What the event carries").fill('{"to": "Fay"}');
  await fire.getByRole("button", { name: "Fire", exact: true }).click();
  await fire.getByRole("link", { name: "Execution" }).waitFor();
  await fire.getByRole("button", { name: "Close" }).last().click();
  await drawer.getByRole("table", { name: "Firings" }).getByText("test").waitFor();

  await drawer.getByRole("button", { name: "Change" }).click();
  const edit = page.getByRole("dialog", { name: "Change the trigger" });
  await edit.getByLabel("Cron").fill("0 7 * * *");
  await edit.getByRole("button", { name: "Save" }).click();
  const definitions = drawer.getByRole("table", { name: "Definitions" });
  await definitions.getByRole("row", { name: /Revision 2/ }).waitFor();
  await definitions.getByRole("row", { name: /Revision 1/ }).click();
  await page.getByRole("button", { name: "Take this one back" }).click();
  await definitions.getByRole("row", { name: /Taken back/ }).waitFor();
  await assertAccessible(page, "a trigger");
  const [kept] = await api("GET", `${base}/triggers?agentId=${agent}`);
  assert.equal(kept.schedule.cron, "30 2 * * *");
  assert.equal(kept.revision, 3);
  await drawer.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog", { name: "Remove this trigger?" }).getByRole("button", { name: "Remove" }).click();
  await page.getByText("No triggers yet").waitFor();
}

async function inbound({ page, go }) {
  await go("/operate/triggers");
  await page.getByRole("button", { name: "New trigger" }).click();
  const form = page.getByRole("dialog", { name: "New trigger" });
  await form.getByLabel("Name", { exact: true }).fill("Story orders");
  await form.getByLabel("Kind").selectOption("WEBHOOK");
  await form.getByLabel("Starts").selectOption(agent);
  await form.getByLabel("Parameters from the event").fill("to: payload.data.name");
  await form.getByRole("button", { name: "Save" }).click();
  const secret = await page.locator("[data-once]").innerText();
  assert.match(secret, /^whsec_/);
  await page.getByRole("button", { name: "I have kept it" }).click();
  assert.ok(!(await page.content()).includes(secret), "the secret is shown once");
  const drawer = page.getByRole("dialog", { name: "Story orders" });
  await drawer.getByText(/\/hooks\//).first().waitFor();
  await assertAccessible(page, "an inbound trigger");
  await drawer.getByRole("button", { name: "Close" }).click();
}

async function places({ page, go, api }) {
  await go("/operate/environments");
  await page.getByRole("button", { name: "New environment" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Story place");
  await page.getByLabel("Values").fill("[]");
  await page.getByText("Write a JSON object").waitFor();
  await page.getByLabel("Values").fill('{"shop_url": "https://x.example"}');
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /story-place/ }).getByText("shop_url").waitFor();
  await assertAccessible(page, "the environments");
  await go(`/agents/${agent}/deployments`);
  const card = page.getByRole("region", { name: "Story place" });
  await card.getByText("Follows production").waitFor();
  await card.getByRole("button", { name: "Deploy" }).click();
  await page.getByRole("dialog").getByText("follows production now").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Deploy revision 3" }).click();
  await card.getByText("Follows production").waitFor({ state: "detached" });
  await page.getByLabel("Environment", { exact: true }).selectOption("story-place");

  await go("/operate/tenants");
  await page.getByRole("button", { name: "New tenant" }).click();
  await page.getByLabel("Id", { exact: true }).fill("story-tenant");
  await page.getByRole("button", { name: "Make it" }).click();
  await page.getByRole("row", { name: /story-tenant/ }).getByRole("button", { name: "Show it" }).click();
  await page.getByText("No agents yet").waitFor();
  assert.match(page.url(), /tenant=story-tenant/);
  // The environment that was chosen is none of this tenant's.
  await page.waitForFunction(() => localStorage.getItem("flowgate.environment") === null);
  await page.getByLabel("Tenant", { exact: true }).selectOption("default");
  await page.getByRole("heading", { name: "Agents" }).waitFor();
  await page.getByText("Letters").first().waitFor();
  assert.equal((await api("GET", "/v1/tenants")).length >= 2, true);
}
