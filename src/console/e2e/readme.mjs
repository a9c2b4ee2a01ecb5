// The three pictures of the README, of real rooms with real content: docs/console/*.png.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { apiOf, launch, openPage, signIn, startServer } from "./browser.mjs";
import { decide, open, someApprovals, start } from "./seeds.mjs";

const out = new URL("../../../docs/console/", import.meta.url);
const SIZE = { width: 1280, height: 800 };

async function designer(page, server, execution) {
  await page.goto(`${server.url}/#/agents/refund-review/design/1?execution=${execution}`);
  await page.locator('.react-flow__node[data-id="reply"] .tone-good').first().waitFor();
  await page.locator('.react-flow__node[data-id="review"]').click();
  await page.getByRole("tab", { name: "Step" }).click();
}

async function inbox(page, server) {
  await page.goto(`${server.url}/#/inbox`);
  await page.getByRole("link", { name: /A-1001/ }).click();
  await page.getByText("Last time was").waitFor();
}

async function execution(page, server, id) {
  await page.goto(`${server.url}/#/agents/refund-review/executions/${id}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.getByText("Pay the money back").or(page.getByText("refund", { exact: true })).first().waitFor();
}

await mkdir(out, { recursive: true });
const server = await startServer();
const browser = await launch();
try {
  const api = apiOf(server);
  const ran = await start(api, "refund-review", { order_id: "A-1000", message: "The vase was broken." });
  const [question] = await open(api, "refund-review");
  await decide(api, question, { decision: "approve" });
  await someApprovals(api);
  const { page, context } = await openPage(browser, server, { viewport: SIZE, colorScheme: "light" });
  await signIn(page, server);
  for (const [name, show] of Object.entries({ designer, inbox, execution })) {
    await show(page, server, ran.executionRecordId);
    await page.evaluate(() => document.fonts.ready);
    // What moves into place has done so.
    await page.waitForTimeout(1_000);
    await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, out)) });
  }
  await context.close();
} finally {
  await browser.close();
  await server.stop();
}
