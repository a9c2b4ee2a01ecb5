// How long large things take to open in Chromium: the median of five, from the click to the last frame that changes what is seen.
// FLOWGATE_BIN names the program, as for the stories; a release build is what counts.
import { apiOf, launch, openPage, signIn, startServer } from "./browser.mjs";
import { large } from "./execution-seeds.mjs";
import { longFlow } from "./seeds.mjs";

const ROUNDS = 5;
const ATTEMPTS = 5_000;

/** Milliseconds from setting the address to the frame in which `selector` is there. */
async function opened(page, place, selector) {
  return page.evaluate(
    ([to, wanted]) =>
      new Promise((resolve) => {
        const begunMs = performance.now();
        location.hash = to;
        const look = () => (document.querySelector(wanted) ? requestAnimationFrame(() => resolve(performance.now() - begunMs)) : requestAnimationFrame(look));
        look();
      }),
    [place, selector],
  );
}

const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];

let execution = "";
const SECTIONS = {
  execution: {
    says: `an execution of ${ATTEMPTS} attempts, first time`,
    prepare: async (api) => void (execution = await large(api, ATTEMPTS)),
    place: () => `/agents/parcel-large/executions/${execution}`,
    until: ".execution-line",
  },
  attempt: {
    says: `an attempt in the middle of ${ATTEMPTS}, first time`,
    prepare: async (api) => void (execution ||= await large(api, ATTEMPTS)),
    place: () => `/agents/parcel-large/executions/${execution}/${encodeURIComponent("each[900]/judge#1.1")}`,
    until: '.execution-line.is-chosen[data-line="each[900]/judge#1.1"]',
  },
  designer: { says: "a flow of 200 steps, first time", prepare: longFlow, place: () => "/agents/long-flow/design", until: ".react-flow__node" },
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
    process.stdout.write(`${name}: ${section.says} ${Math.round(median(first))} ms, again ${Math.round(median(again))} ms\n`);
  }
} finally {
  await browser.close();
  await server.stop();
}
