// In with a key, the agents, one of them, and out again.
import assert from "node:assert/strict";
import { assertAccessible } from "../axe.mjs";
import { apiOf, openPage } from "../browser.mjs";

export const title = "A person signs in, finds an agent, and signs out";

export async function story({ browser, server }) {
  const api = apiOf(server);
  await api("POST", "/v1/tenants/default/agents/company-profile:execute", { parameters: { domain: "some domain" } });
  const { page, context, faults } = await openPage(browser, server);
  await page.goto(`${server.url}/#/agents/company-profile`);
  await assertAccessible(page, "the sign-in");
  await page.getByLabel("Key", { exact: true }).fill("fgk_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This key is not known").waitFor();
  await page.getByLabel("Key", { exact: true }).fill(server.key);
  await page.getByRole("button", { name: "Sign in" }).click();
  // Where the address led before the sign-in.
  await page.getByRole("heading", { name: "Company profile" }).waitFor();
  await page.getByText("Completed").first().waitFor();
  await assertAccessible(page, "an agent");
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
  assert.ok(!kept.includes(server.key) && !kept.includes("flowgate_sign_in"), "no script can read what signs in");

  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.getByRole("heading", { name: "Agents", exact: true }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("refund");
  await page.getByRole("link", { name: "Company profile" }).waitFor({ state: "detached" });
  await page.getByRole("link", { name: /refund/i }).waitFor();
  await assertAccessible(page, "the agents");
  await page.getByLabel("Search agents").fill("nobody has this");
  await page.getByText("No agent fits").waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
}
