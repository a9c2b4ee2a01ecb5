// How long large things take to open in Chromium: the median of five, from the change of the address to the frame in which they are seen, and what
// the page computed in that time (processor time of its main thread, which other work on the machine does not change).
// FLOWGATE_BIN names the program, as for the stories; a release build is what counts.
import { apiOf, launch, openPage, signIn, startServer } from "./browser.mjs";
import { large } from "./execution-seeds.mjs";
import { longFlow } from "./seeds.mjs";

const ROUNDS = 5;
const ATTEMPTS = 5_000;

/** From setting the address to the frame in which `selector` is there. */
async function opened(page, place, selector) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const computedMs = async () => 1_000 * (await session.send("Performance.getMetrics")).metrics.find((one) => one.name === "TaskDuration").value;
  const before = await computedMs();
  const seenMs = await page.evaluate(
    ([to, wanted]) =>
      new Promise((resolve) => {
        const begunMs = performance.now();
        location.hash = to;
        const look = () => (document.querySelector(wanted) ? requestAnimationFrame(() => resolve(performance.now() - begunMs)) : requestAnimationFrame(look));
        look();
      }),
    [place, selector],
  );
  const result = { seenMs, computedMs: (await computedMs()) - before };
  await session.detach();
  return result;
}

const median = (all) => Math.round([...all].sort((a, b) => a - b)[Math.floor(all.length / 2)]);
const figures = (all) => `${median(all.map((one) => one.seenMs))} ms (computed ${median(all.map((one) => one.computedMs))} ms)`;

let execution = "";
const SECTIONS = {
  execution: {
    says: `an execution of ${ATTEMPTS} attempts: first time`,
    prepare: async (api) => void (execution = await large(api, ATTEMPTS)),
    place: () => `/agents/parcel-large/executions/${execution}`,
    until: ".execution-line",
  },
  attempt: {
    says: `an attempt in the middle of ${ATTEMPTS}: first time`,
    prepare: async (api) => void (execution ||= await large(api, ATTEMPTS)),
    place: () => `/agents/parcel-large/executions/${execution}/${encodeURIComponent("each[900]/judge#1.1")}`,
    until: '.execution-line.is-chosen[data-line="each[900]/judge#1.1"]',
  },
  designer: { says: "a flow of 200 steps: first time", prepare: longFlow, place: () => "/agents/long-flow/design", until: ".react-flow__node" },
};

const wanted = process.argv.slice(2);
const server = await startServer();
const browser = await launch();
try {
  for (const [name, section] of Object.entries(SECTIONS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    await section.prepare(apiOf(server));
    const first = [];
    const again = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      // A context of its own: nothing is remembered, not even the code.
      const { page, context } = await openPage(browser, server);
      await signIn(page, server);
      first.push(await opened(page, section.place(), section.until));
      await page.goto(`${server.url}/#/agents`);
      await page.locator(section.until).first().waitFor({ state: "detached" });
      again.push(await opened(page, section.place(), section.until));
      await context.close();
    }
    process.stdout.write(`${name}: ${section.says} ${figures(first)}, again ${figures(again)}\n`);
  }
} finally {
  await browser.close();
  await server.stop();
}
