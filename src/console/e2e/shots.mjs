// Screenshots of every room, on a phone and on a desk, light and dark, into e2e/out. Arguments: parts of the names wanted.
import { mkdir } from "node:fs/promises";
import { DESKTOP, PHONE, apiOf, launch, openPage, signIn, startServer } from "./browser.mjs";
import { SHOTS } from "./shots-list.mjs";

const wanted = process.argv.slice(2);
const out = new URL("./out/", import.meta.url);
await mkdir(out, { recursive: true });
const server = await startServer();
const browser = await launch();
try {
  const shots = SHOTS.filter((shot) => wanted.length === 0 || wanted.some((part) => shot.name.includes(part)));
  for (const shot of shots) await shot.prepare?.(apiOf(server));
  for (const [size, viewport] of Object.entries({ phone: PHONE, desk: DESKTOP })) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, context } = await openPage(browser, server, { viewport, colorScheme });
      await page.goto(`${server.url}/`);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      if (shots.some((shot) => shot.isSignedOut)) await page.screenshot({ path: new URL(`sign-in-${size}-${colorScheme}.png`, out).pathname });
      await signIn(page, server);
      for (const shot of shots.filter((one) => !one.isSignedOut)) {
        await page.goto(`${server.url}/#${shot.at}`);
        await page.locator(shot.until).first().waitFor();
        await shot.then?.(page);
        await page.screenshot({ path: new URL(`${shot.name}-${size}-${colorScheme}.png`, out).pathname });
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
