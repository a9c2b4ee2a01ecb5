// What the stories and the screenshots share: a server of their own, a browser, and the way in.
// FLOWGATE_BIN: the program to start (default: ../../target/debug/flowgate). CONSOLE_URL and CONSOLE_KEY: one that runs already instead.
// CONSOLE_DIST: a folder that `vite build` made; its files are shown in place of those the program holds, under the program's own policy.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const STARTED_MS = 60_000;
const SAID_MAX = 20_000;

export const program = () => process.env.FLOWGATE_BIN ?? join(repository, "target/debug/flowgate");

/** A server on a free port with the flows of the repository; `stop` ends it and throws its data away. */
export async function startServer({ flows = ["flows"] } = {}) {
  const { CONSOLE_URL: given, CONSOLE_KEY: givenKey } = process.env;
  if (given) return { url: given, key: givenKey ?? "", stop: async () => undefined };
  // Stories have services of their own on this machine, which flows may otherwise not call.
  const env = { ...process.env, FLOWGATE_OUTBOUND_ALLOW: "127.0.0.1" };
  const data = await mkdtemp(join(tmpdir(), "flowgate-console-"));
  const child = spawn(program(), ["dev", ...flows, "--listen", "127.0.0.1:0", "--data-dir", data], { cwd: repository, env, stdio: ["ignore", "pipe", "pipe"] });
  const said = await new Promise((resolve, reject) => {
    let text = "";
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the server did not start:\n${text}`));
    }, STARTED_MS);
    // Where it serves it says as a note, which is no data and goes to standard error.
    const hear = (chunk) => {
      text = (text + chunk).slice(-SAID_MAX);
      const [url, key] = [/serves on (http:\S+?),/.exec(text)?.[1], /key\s+(\S+)/.exec(text)?.[1]];
      if (!url || !key) return;
      clearTimeout(late);
      resolve({ url, key });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}:\n${text}`)));
  });
  const stop = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  return { ...said, stop };
}

/** The API, for preparing what a story needs. */
export function apiOf(server) {
  return async (method, path, body) => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { "x-api-key": server.key, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  };
}

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync", "--disable-component-update"],
  });
}

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1440, height: 900 };

const TYPES = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml", ".woff2": "font/woff2" };

async function showDist(context, server, folder) {
  const page = await fetch(`${server.url}/`);
  const policy = page.headers.get("content-security-policy") ?? "";
  await context.route(
    (url) => url.href.startsWith(server.url) && (url.pathname === "/" || url.pathname.startsWith("/assets/")),
    async (route) => {
      const path = new URL(route.request().url()).pathname;
      const name = path === "/" ? "index.html" : path.slice(1);
      const body = await readFile(join(folder, name)).catch(() => null);
      await route.fulfill(body ? { body, contentType: TYPES[extname(name)], headers: { "content-security-policy": policy } } : { status: 404 });
    },
  );
}

/**
 * A page that fails the story on any script error, refused content, or request to somewhere else. It asks for no motion: a colour that is
 * on its way from one to another is nobody's design, and would be measured on a slow machine.
 */
export async function openPage(browser, server, options = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: "reduce", ...options });
  if (process.env.CONSOLE_DIST) await showDist(context, server, process.env.CONSOLE_DIST);
  const page = await context.newPage();
  page.setDefaultTimeout(Number(process.env.STORY_TIMEOUT_MS ?? 60_000));
  const faults = [];
  page.on("pageerror", (error) => faults.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy|violates/i.test(message.text())) faults.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith("data:")) faults.push(`a request elsewhere: ${request.url()}`);
  });
  return { page, context, faults };
}

export async function signIn(page, server) {
  await page.goto(`${server.url}/`);
  await page.getByLabel("Key", { exact: true }).fill(server.key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Agents" }).waitFor();
}
