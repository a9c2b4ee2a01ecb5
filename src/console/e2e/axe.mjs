// Looks for what keeps people out: serious and critical findings of axe fail the story.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function assertAccessible(page, where) {
  // Run by the debugger, so the policy of the page does not stand in the way.
  await page.evaluate(source);
  const results = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = results.violations.filter((one) => one.impact === "serious" || one.impact === "critical");
  if (serious.length === 0) return;
  const lines = serious.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")}: ${node.failureSummary?.replace(/\s+/g, " ")}`));
  throw new Error(`${where} keeps people out:\n${lines.join("\n")}`);
}
