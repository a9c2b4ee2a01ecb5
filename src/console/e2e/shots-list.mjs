// What is photographed: the address, what must be there before, and what is prepared through the API. Each room adds its lines.
import { letters, many, manyDeploys, someApprovals, someReleases, someSettings } from "./seeds.mjs";

const base = "/v1/tenants/default";

async function someExecutions(api) {
  for (let at = 0; at < 5; at += 1) await api("POST", `${base}/agents/company-profile:execute`, { parameters: { domain: `domain ${at}` } });
}

async function longFlow(api) {
  const steps = Array.from({ length: 200 }, (_, at) => `  s${at}:\n    set: {value: "${at}"}\n`).join("");
  const edges = Array.from({ length: 199 }, (_, at) => `  - {from: s${at}, to: s${at + 1}}\n`).join("");
  await api("POST", `${base}/agents`, { id: "long-flow" }).catch(() => undefined);
  await api("PUT", `${base}/agents/long-flow/revisions/0/draft`, { flow: `flow: long-flow\nsteps:\n${steps}edges:\n${edges}` });
  await api("POST", `${base}/agents`, { id: "no-flow" }).catch(() => undefined);
}

export const SHOTS = [
  { name: "sign-in", isSignedOut: true },
  { name: "agents", at: "/agents", until: ".table-row", prepare: someExecutions },
  { name: "agents-none", at: "/agents?search=nobody", until: ".empty" },
  { name: "agent", at: "/agents/company-profile", until: ".table-row .status" },
  { name: "inbox-closed-none", at: "/inbox?view=closed&agent=nightly-report", until: ".empty" },
  { name: "inbox", at: "/inbox", until: ".inbox-item", prepare: someApprovals, then: (page) => page.getByRole("link", { name: /A-1001/ }).click().then(() => page.getByText("Last time was").waitFor()) },
  { name: "inbox-list", at: "/inbox", until: ".inbox-item" },
  { name: "inbox-edit", at: "/inbox", until: ".inbox-item", then: (page) => page.getByRole("link", { name: /A-1001/ }).click().then(() => page.getByRole("button", { name: "Edit" }).click()).then(() => page.getByLabel("amount").fill("10")) },
  { name: "inbox-answer", at: "/inbox", until: ".inbox-item", then: (page) => page.getByRole("link", { name: /coffee/ }).click().then(() => page.getByRole("button", { name: "Answer" }).click()).then(() => page.getByRole("button", { name: "Send the answer" }).click()) },
  { name: "inbox-bulk", at: "/inbox?agent=refund-review", until: ".inbox-item", then: (page) => page.getByRole("checkbox").first().check().then(() => page.getByRole("button", { name: /^Approve \d/ }).click()) },
  { name: "inbox-closed", at: "/inbox?view=closed", until: ".inbox-item", then: (page) => page.getByRole("link", { name: /A-1000/ }).click().then(() => page.getByText("Without the shipping").waitFor()) },
  { name: "inbox-many", at: "/inbox", until: ".inbox-item", prepare: (api) => many(api, Number(process.env.SHOT_ROWS ?? 1_000)) },
  { name: "operate", at: "/operate", until: ".operate-lines", prepare: someSettings },
  { name: "operate-stuck", at: "/operate/stuck", until: ".empty" },
  { name: "operate-keys", at: "/operate/keys", until: ".table-row" },
  { name: "operate-key-new", at: "/operate/keys", until: ".table-row", then: (page) => page.getByRole("button", { name: "New key" }).click().then(() => page.getByLabel("What it may").selectOption("approver")) },
  { name: "operate-secrets", at: "/operate/secrets", until: ".table-row" },
  { name: "operate-webhooks", at: "/operate/webhooks", until: ".table-row", prepare: someSettings, then: (page) => page.getByRole("row", { name: /hooks/ }).first().click().then(() => page.getByRole("heading", { name: "Deliveries" }).waitFor()) },
  { name: "operate-audit", at: "/operate/audit", until: ".table-row" },
  { name: "operate-retention", at: "/operate/retention", until: ".operate-form" },
  { name: "budgets", at: "/agents/refund-review/budgets", until: ".operate-form" },
  { name: "revisions", at: "/agents/company-profile/revisions", until: ".table-row" },
  { name: "release", at: "/agents/letters/deployments", until: ".release-place .row", prepare: someReleases, then: (page) => page.getByText("Warmer words").first().waitFor() },
  { name: "release-one", at: "/agents/company-profile/deployments", until: ".table-row" },
  { name: "release-none", at: "/agents/no-flow/deployments", until: ".empty", prepare: longFlow },
  {
    name: "release-many",
    at: "/agents/letters-long/deployments",
    until: ".table-scroll .table-row",
    prepare: async (api) => {
      if (await api("GET", `${base}/agents/letters-long`).catch(() => null)) return;
      await letters(api, "letters-long");
      await manyDeploys(api, Number(process.env.SHOT_ROWS ?? 1_000));
    },
  },
  { name: "release-share", at: "/agents/letters/deployments", until: ".release-place .row", then: (page) => page.getByRole("button", { name: "Share the traffic" }).first().click().then(() => page.getByLabel("Percent of revision 3").fill("25")).then(() => page.getByText("What follows").waitFor()) },
  { name: "compare", at: "/agents/letters/compare?before=1&after=3", until: ".release-figures", then: (page) => page.getByText("In the text").waitFor() },
  { name: "compare-graph", at: "/agents/letters/compare?before=1&after=3", until: ".release-graph .react-flow__node", then: (page) => page.locator(".release-graph").scrollIntoViewIfNeeded().then(() => page.waitForTimeout(600)) },
  { name: "release-rollback", at: "/agents/letters/deployments", until: ".release-place .row", then: (page) => page.getByRole("button", { name: "Roll back" }).first().click().then(() => page.getByText("What follows").waitFor()) },
  { name: "triggers", at: "/agents/letters/triggers", until: ".table-row", prepare: someReleases },
  { name: "triggers-none", at: "/agents/company-profile/triggers", until: ".empty" },
  { name: "trigger", at: "/agents/letters/triggers", until: ".table-row", then: (page) => page.getByText("Every night").first().click().then(() => page.getByRole("dialog").getByRole("row", { name: /letters/ }).first().waitFor()) },
  { name: "trigger-new", at: "/agents/letters/triggers", until: ".table-row", then: (page) => page.getByRole("button", { name: "New trigger" }).click() },
  { name: "operate-triggers", at: "/operate/triggers", until: ".table-row", prepare: someReleases },
  { name: "operate-environments", at: "/operate/environments", until: ".table-row", prepare: someReleases },
  { name: "operate-tenants", at: "/operate/tenants", until: ".table-row" },
  { name: "designer", at: "/agents/refund-review/design/1", until: ".designer .tab", then: (page) => page.waitForTimeout(1_500) },
  {
    name: "designer-step",
    at: "/agents/support-triage/design/1",
    until: ".react-flow__node",
    then: async (page) => {
      await page.locator(".react-flow__node").nth(1).dblclick();
      await page.waitForTimeout(500);
    },
  },
  { name: "designer-none", at: "/agents/no-flow/design", until: ".designer-templates", prepare: longFlow },
  { name: "designer-long", at: "/agents/long-flow/design", until: ".react-flow__node", then: (page) => page.waitForTimeout(800) },
];
