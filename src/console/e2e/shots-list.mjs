// What is photographed: the address, what must be there before, and what is prepared through the API. Each room adds its lines.
import { readFile } from "node:fs/promises";
import { failed, large, manyExecutions, waiting } from "./execution-seeds.mjs";
import { letters, manyDeploys, someReleases } from "./release-seeds.mjs";
import { rowShots } from "./rows-seeds.mjs";
import { longFlow, many, someApprovals, someSettings } from "./seeds.mjs";

const base = "/v1/tenants/default";

async function someExecutions(api) {
  for (let at = 0; at < 5; at += 1) await api("POST", `${base}/agents/company-profile:execute`, { parameters: { domain: `domain ${at}` } });
}

/** Executions that were made for their pictures, by what they show. */
const made = {};
const prepared = (name, make) => async (api) => void (made[name] ??= await make(api));
const ORDER = { prepare: prepared("order", waiting) };
const order = (rest = "") => `/agents/parcel-order/executions/${made.order}${rest}`;
const lines = ".execution-line";
const attempt = (id) => `/${encodeURIComponent(id)}`;
async function twoRevisions(api) {
  const known = await api("GET", `${base}/agents/compared`).catch(() => null);
  if (known) return;
  const flow = (await readFile(new URL("../../../flows/refund-review.yaml", import.meta.url), "utf8")).replace("flow: refund-review", "flow: compared");
  await api("POST", `${base}/agents`, { id: "compared", displayName: "Compared" });
  await api("POST", `${base}/agents/compared/revisions`, { flow });
  const other = flow.replace("at most four sentences", "at most two sentences").replace("- {from: review, to: outcome, on: rejected}", "- {from: review, to: told, on: rejected}\n  - {from: told, to: outcome}").replace("  outcome:\n", "  told:\n    title: Tell the desk\n    set: {told: 'true'}\n\n  outcome:\n");
  await api("POST", `${base}/agents/compared/revisions`, { comment: "Shorter", flow: other });
}

let approvals;
const APPROVALS = (api) => (approvals ??= someApprovals(api));
const keyOf = (body) => async (api) => (await api("POST", `${base}/apiKeys:generate`, body)).apiKey;
const APPROVER = keyOf({ name: "ana", preset: "approver", user: "ana", roles: ["finance", "office"] });
const DEPLOYER = keyOf({ name: "dora", user: "dora", scopes: ["agents:read", "agents:deploy", "executions:read"] });

/** Names with `rows-`: every room with nothing, with one row, with very many. */
export const SHOTS = [
  { name: "sign-in", isSignedOut: true },
  { name: "agents", at: "/agents", until: ".table-row", prepare: someExecutions },
  { name: "approver", key: APPROVER, at: null, until: ".inbox-item", prepare: APPROVALS },
  { name: "approver-agents", key: APPROVER, at: "/agents", until: ".empty" },
  { name: "deployer", key: DEPLOYER, at: null, until: ".table-row" },
  { name: "deployer-operate", key: DEPLOYER, at: "/operate", until: "[aria-labelledby=operate-agents] :is(.table-row, .operate-none)" },
  { name: "deployer-keys", key: DEPLOYER, at: "/operate/keys", until: ".empty" },
  { name: "deployer-budgets", key: DEPLOYER, at: "/agents/refund-review/budgets", until: ".operate-form" },
  { name: "nowhere", at: "/nowhere", until: ".empty" },
  { name: "keyboard", at: "/agents", until: ".table-row", then: (page) => page.keyboard.press("?").then(() => page.getByRole("dialog").waitFor()), after: (page) => page.keyboard.press("Escape") },
  {
    name: "more",
    at: "/agents",
    until: ".table-row",
    then: async (page) => {
      const more = page.getByRole("button", { name: "More", exact: true });
      if (await more.isVisible()) await more.click();
    },
    after: (page) => page.keyboard.press("Escape"),
  },
  { name: "agents-none", at: "/agents?search=nobody", until: ".empty" },
  { name: "agent-new", at: "/agents", until: ".table-row", then: (page) => page.getByRole("button", { name: "New agent" }).click().then(() => page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Refund review")) },
  { name: "agent", at: "/agents/company-profile", until: ".table-row .status" },
  { name: "inbox-closed-none", at: "/inbox?view=closed&agent=nightly-report", until: ".empty" },
  { name: "inbox", at: "/inbox", until: ".inbox-item", prepare: APPROVALS, then: (page) => page.getByRole("link", { name: /A-1001/ }).click().then(() => page.getByText("Last time was").waitFor()) },
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
  { name: "release-share", at: "/agents/letters/deployments", until: ".release-place .row", then: (page) => page.getByRole("button", { name: "Share the traffic" }).first().click().then(() => page.getByLabel("Percent of revision 3").fill("25")).then(() => page.getByText("What follows").waitFor()), after: (page) => page.keyboard.press("Escape") },
  { name: "compare", at: "/agents/letters/compare?before=1&after=3", until: ".release-figures", then: (page) => page.getByText("In the text").waitFor() },
  { name: "compare-graph", at: "/agents/letters/compare?before=1&after=3", until: ".release-graph .react-flow__node", then: (page) => page.locator(".release-graph").scrollIntoViewIfNeeded().then(() => page.waitForTimeout(600)) },
  { name: "release-rollback", at: "/agents/letters/deployments", until: ".release-place .row", then: (page) => page.getByRole("button", { name: "Roll back" }).first().click().then(() => page.getByText("What follows").waitFor()), after: (page) => page.keyboard.press("Escape") },
  { name: "triggers", at: "/agents/letters/triggers", until: ".table-row", prepare: someReleases },
  { name: "triggers-none", at: "/agents/company-profile/triggers", until: ".empty" },
  { name: "trigger", at: "/agents/letters/triggers", until: ".table-row", then: (page) => page.getByText("Every night").first().click().then(() => page.getByRole("dialog").getByRole("row", { name: /letters/ }).first().waitFor()) },
  { name: "trigger-new", at: "/agents/letters/triggers", until: ".table-row", then: (page) => page.getByRole("button", { name: "New trigger" }).click() },
  { name: "operate-triggers", at: "/operate/triggers", until: ".table-row", prepare: someReleases },
  { name: "operate-environments", at: "/operate/environments", until: ".table-row", prepare: someReleases },
  { name: "operate-tenants", at: "/operate/tenants", until: ".table-row" },
  {
    name: "operate-tenants-many",
    at: "/operate/tenants",
    until: ".table-row",
    prepare: async (api) => {
      for (let at = 1; at <= Number(process.env.SHOT_ROWS ?? 1_000); at += 1) await api("POST", "/v1/tenants", { id: `branch-${at}`, displayName: `Branch ${at}` }).catch(() => undefined);
    },
  },
  { name: "designer", at: "/agents/refund-review/design/1", until: ".designer .tab", then: (page) => page.waitForTimeout(1_500) },
  {
    name: "designer-step",
    at: "/agents/support-triage/design/1",
    until: ".react-flow__node",
    then: async (page) => {
      await page.waitForTimeout(600);
      await page.locator(".react-flow__node").nth(1).dblclick();
      await page.waitForTimeout(500);
    },
  },
  { name: "designer-map", at: "/agents/lead-enrichment/design/1", until: ".react-flow__node", then: (page) => page.waitForTimeout(600).then(() => page.locator('.react-flow__node[data-id="leads"]').dblclick()).then(() => page.locator('.react-flow__node[data-id="save"]').click()) },
  {
    name: "designer-test",
    at: "/agents/support-triage/design/1",
    until: ".react-flow__node",
    then: async (page) => {
      await page.getByRole("button", { name: "Test", exact: true }).click();
      await page.getByRole("button", { name: "Test run" }).click();
      await page.locator(".designer-ran li").first().waitFor();
      await page.waitForTimeout(1_000);
    },
  },
  { name: "designer-compare", at: "/agents/compared/design/1?compare=2", until: ".designer-diff", prepare: twoRevisions, then: (page) => page.waitForTimeout(600) },
  { name: "designer-none", at: "/agents/no-flow/design", until: ".designer-templates", prepare: longFlow, then: (page) => page.locator(".designer-template-reading").first().waitFor({ state: "detached" }) },
  { name: "designer-long", at: "/agents/long-flow/design", until: ".react-flow__node", then: (page) => page.waitForTimeout(800) },
  { name: "executions", at: "/executions", until: ".table-row", prepare: async (api) => void ((made.order ??= await waiting(api)), (made.failed ??= await failed(api))) },
  { name: "executions-none", at: "/executions?status=CANCELLED&label=team%3Dnobody", until: ".empty" },
  { name: "executions-new", at: "/agents/nightly-report/executions", until: ".empty" },
  { name: "executions-filters", at: "/executions?hasToolCalls=true", until: ".table-row" },
  { name: "executions-many", at: "/agents/parcel-small/executions", until: ".table-row", prepare: (api) => manyExecutions(api, Number(process.env.SHOT_ROWS ?? 1_000)) },
  { name: "execution", get at() { return order(); }, until: lines, ...ORDER },
  { name: "execution-model", get at() { return order(attempt("draft#2.1")); }, until: ".execution-messages", ...ORDER },
  { name: "execution-tool", get at() { return order(attempt("each[1]/reserve#1.1")); }, until: ".execution-attempt .json", ...ORDER },
  { name: "execution-tries", get at() { return order(attempt("stock#1.2")); }, until: ".execution-attempt", ...ORDER },
  { name: "execution-map", get at() { return order(attempt("each#1.1")); }, until: ".execution-attempt .table-row", ...ORDER },
  { name: "execution-graph", get at() { return order("?view=graph"); }, until: ".react-flow__node", then: (page) => page.waitForTimeout(800), ...ORDER },
  { name: "execution-graph-step", get at() { return order("?view=graph&step=draft"); }, until: ".react-flow__node", then: (page) => page.waitForTimeout(800), ...ORDER },
  { name: "execution-journal", get at() { return order("?view=journal"); }, until: ".table-row", ...ORDER },
  { name: "execution-family", get at() { return order("?view=family"); }, until: ".table-row", ...ORDER },
  { name: "execution-data", get at() { return order("?view=data"); }, until: ".json", ...ORDER },
  // A dialog stays open as long as its room is shown, so another room comes behind each.
  { name: "execution-cancel", get at() { return order("?view=family"); }, until: ".table-row", then: (page) => page.getByRole("button", { name: "Cancel", exact: true }).click().then(() => page.getByText(/taken back/).last().waitFor()), ...ORDER },
  { name: "execution-failed", get at() { return `/agents/parcel-broken/executions/${made.failed}${attempt("call#1.3")}`; }, until: ".execution-attempt", prepare: prepared("failed", failed) },
  { name: "execution-signal", get at() { return order("?view=data"); }, until: ".json", then: (page) => page.getByRole("button", { name: "Send the signal" }).click().then(() => page.getByLabel("Payload, as JSON").waitFor()), ...ORDER },
  { name: "execution-large", get at() { return `/agents/parcel-large/executions/${made.large}${attempt("each[150]/judge#1.1")}`; }, until: ".execution-attempt", prepare: prepared("large", (api) => large(api, Number(process.env.SHOT_ATTEMPTS ?? 5_000))) },
  { name: "execution-lost", at: "/agents/parcel-order/executions/00000000-0000-7000-8000-000000000000", until: ".empty" },
  ...rowShots(Number(process.env.SHOT_ROWS ?? 1_000)),
];
