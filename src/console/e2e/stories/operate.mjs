// Whoever runs the server: how it does, and the keys, secrets, webhooks, audit, retention and budgets.
import assert from "node:assert/strict";
import { assertAccessible } from "../axe.mjs";
import { apiOf, openPage, signIn } from "../browser.mjs";
import { start } from "../seeds.mjs";

export const title = "An operator looks at the server, makes and ends a key, keeps a secret, and sets rules";

const base = "/v1/tenants/default";

export async function story({ browser, server }) {
  const api = apiOf(server);
  await start(api, "company-profile", { domain: "some domain" });
  const { page, context, faults } = await openPage(browser, server);
  await signIn(page, server);
  const go = (place) => page.goto(`${server.url}/#${place}`);

  await go("/operate");
  await page.getByText("Free on the disk").waitFor();
  await page.getByText("Executions started").waitFor();
  await assertAccessible(page, "the overview");
  await go("/operate/stuck");
  await page.getByText("Nothing is in doubt").waitFor();
  await page.getByText("Nothing was set aside").waitFor();
  await assertAccessible(page, "what needs a person");

  await go("/operate/keys");
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name", { exact: true }).fill("story key");
  await page.getByLabel("What it may").selectOption("approver");
  await assertAccessible(page, "a new key");
  await page.getByRole("button", { name: "Make it" }).click();
  const value = await page.locator("[data-once]").innerText();
  assert.ok(value.length >= 32);
  await page.getByRole("button", { name: "I have kept it" }).click();
  assert.ok(!(await page.content()).includes(value), "the value is shown once");
  const works = await fetch(`${server.url}${base}/apiKeys/current`, { headers: { "x-api-key": value } });
  assert.equal(works.status, 200);
  await page.getByRole("row", { name: /story key/ }).click();
  await page.getByText("What happened to it").waitFor();
  await page.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog", { name: /Revoke this key/ }).getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("row", { name: /story key/ }).getByText("Revoked").waitFor();
  await assertAccessible(page, "the keys");

  await go("/operate/secrets");
  await page.getByRole("button", { name: "New secret" }).click();
  await page.getByLabel("Name", { exact: true }).fill("story_token");
  await page.getByLabel("Value", { exact: true }).fill("never-to-be-seen");
  await page.getByLabel("Every agent of the tenant").uncheck();
  await page.getByLabel("refund-review").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /secret.story_token/ }).getByText("refund-review").waitFor();
  assert.ok(!(await page.content()).includes("never-to-be-seen"));
  assert.deepEqual((await api("GET", `${base}/secrets/story_token`)).grantedTo, ["refund-review"]);

  await go("/operate/webhooks");
  await page.getByRole("button", { name: "New webhook" }).click();
  await page.getByLabel("Address").fill("https://hooks.example/story");
  await page.getByRole("button", { name: "Save" }).click();
  assert.match(await page.locator("[data-once]").innerText(), /^whsec_/);
  await page.getByRole("button", { name: "I have kept it" }).click();
  await start(api, "company-profile", { domain: "some domain" });
  await page.getByRole("row", { name: /hooks.example/ }).click();
  await page.getByRole("button", { name: /execution.completed/ }).first().click();
  await page.getByRole("button", { name: "Send again" }).waitFor();
  await assertAccessible(page, "a webhook and its deliveries");

  await go("/operate/audit?action=secret.set");
  await page.getByText("secret.set").first().or(page.getByText("Nothing fits")).waitFor();
  await go("/operate/audit");
  await page.getByText("webhook.created").first().waitFor();
  await assertAccessible(page, "the audit");

  await go("/operate/retention");
  await page.getByLabel("Executions, in days").fill("30");
  await page.getByText("removed for good").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText(/Set just now/).waitFor();
  assert.equal((await api("GET", `${base}/retention`)).days, 30);
  await assertAccessible(page, "the retention");

  await go("/agents/refund-review/budgets");
  await page.getByLabel("US dollars a month").first().fill("25");
  await page.getByRole("button", { name: "Save" }).first().click();
  await page.getByText("0 %").first().waitFor();
  assert.equal((await api("GET", `${base}/agents/refund-review/budget`)).amount, 25);
  await assertAccessible(page, "the budgets");
  assert.deepEqual(faults, []);
  await context.close();
}
