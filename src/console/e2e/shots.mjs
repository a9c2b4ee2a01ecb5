// Screenshots of every room into e2e/out: on a phone and on a desk, light and dark. Arguments: parts of the names wanted. SHOT_SIZES: "wide" for
// 2,560 pixels, or "phone,desk,wide". What is wider than the page, or lies over something else, is said.
import { mkdir } from "node:fs/promises";
import { DESKTOP, PHONE, apiOf, launch, openPage, signIn, startServer } from "./browser.mjs";
import { SHOTS } from "./shots-list.mjs";
import { sticksOut } from "./sticks.mjs";

const SIZES = { phone: PHONE, desk: DESKTOP, wide: { width: 2560, height: 1440 } };
const wanted = process.argv.slice(2);
const sizes = (process.env.SHOT_SIZES ?? "phone,desk").split(",");
const out = new URL("./out/", import.meta.url);
await mkdir(out, { recursive: true });
const server = await startServer();
const browser = await launch();

const takes = (page, kind) => async (name) => {
  await page.screenshot({ path: new URL(`${name}-${kind}.png`, out).pathname });
  for (const what of await page.evaluate(sticksOut)) console.log(`${name}-${kind}: ${what}`);
};

async function shoot(page, shot, take) {
  try {
    if (shot.at !== null) await page.goto(`${server.url}/#${shot.at}`);
    await page.locator(shot.until).first().waitFor();
    await shot.then?.(page);
    await take(shot.name);
    await shot.after?.(page);
  } catch (error) {
    await take(`${shot.name}-missed`);
    console.log(`${shot.name}: ${error.message}`);
    process.exitCode = 1;
  }
}

/** With a key of its own, which may less; `at: null` is where it begins. */
async function asOther(shot, { size, colorScheme }) {
  const { page, context } = await openPage(browser, server, { viewport: SIZES[size], colorScheme });
  await page.goto(`${server.url}/`);
  await page.getByLabel("Key", { exact: true }).fill(await shot.key(apiOf(server)));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".room").first().waitFor();
  await shoot(page, shot, takes(page, `${size}-${colorScheme}`));
  await context.close();
}

try {
  const shots = SHOTS.filter((shot) => wanted.length === 0 || wanted.some((part) => shot.name.includes(part)));
  for (const shot of shots) await shot.prepare?.(apiOf(server));
  for (const size of sizes) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, context } = await openPage(browser, server, { viewport: SIZES[size], colorScheme });
      const take = takes(page, `${size}-${colorScheme}`);
      await page.goto(`${server.url}/`);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      if (shots.some((shot) => shot.isSignedOut)) await take("sign-in");
      await signIn(page, server);
      for (const shot of shots.filter((one) => !one.isSignedOut && !one.key)) await shoot(page, shot, take);
      await context.close();
      for (const shot of shots.filter((one) => one.key)) await asOther(shot, { size, colorScheme });
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
