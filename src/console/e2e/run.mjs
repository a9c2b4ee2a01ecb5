// Runs the stories: every file of e2e/stories, or those whose names hold one of the arguments. Each exports `title` and `story`.
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch, startServer } from "./browser.mjs";

const wanted = process.argv.slice(2);
const folder = new URL("./stories/", import.meta.url);
const names = (await readdir(folder)).filter((name) => name.endsWith(".mjs") && (wanted.length === 0 || wanted.some((part) => name.includes(part)))).sort();
if (names.length === 0) throw new Error("no story has that name");
const browser = await launch();
let failed = 0;

/** What was seen when a story failed, in e2e/out. */
async function picture(name) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const [at, page] of pages.entries()) {
    await page.screenshot({ path: fileURLToPath(new URL(`./out/failed-${name}-${at + 1}.png`, import.meta.url)) }).catch(() => undefined);
    await page.context().close();
  }
}

try {
  for (const name of names) {
    const { title, story, flows } = await import(new URL(name, folder).href);
    const server = await startServer({ flows });
    try {
      await story({ browser, server });
      process.stdout.write(`ok      ${title}\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(`FAILED  ${title} (${name})\n${error.stack}\n`);
      await picture(name);
    } finally {
      await server.stop();
    }
  }
} finally {
  await browser.close();
}
process.exitCode = failed > 0 ? 1 : 0;
