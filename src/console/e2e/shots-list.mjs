// What is photographed: the address, what must be there before, and what is prepared through the API. Each room adds its lines.
import { readFile } from "node:fs/promises";
import { longFlow, many, someApprovals, someSettings } from "./seeds.mjs";

const base = "/v1/tenants/default";

async function someExecutions(api) {
  for (let at = 0; at < 5; at += 1) await api("POST", `${base}/agents/company-profile:execute`, { parameters: { domain: `domain ${at}` } });
}

async function twoRevisions(api) {
  const known = await api("GET", `${base}/agents/compared`).catch(() => null);
  if (known) return;
  const flow = (await readFile(new URL("../../../flows/refund-review.yaml", import.meta.url), "utf8")).replace("flow: refund-review", "flow: compared");
  await api("POST", `${base}/agents`, { id: "compared", displayName: "Compared" });
  await api("POST", `${base}/agents/compared/revisions`, { flow });
  const other = flow.replace("at most four sentences", "at most two sentences").replace("- {from: review, to: outcome, on: rejected}", "- {from: review, to: told, on: rejected}\n  - {from: told, to: outcome}").replace("  outcome:\n", "  told:\n    title: Tell the desk\n    set: {told: 'true'}\n\n  outcome:\n");
  await api("POST", `${base}/agents/compared/revisions`, { comment: "Shorter", flow: other });
}

export const SHOTS = [
  { name: "sign-in", isSignedOut: true },
  { name: "agents", at: "/agents", until: ".table-row", prepare: someExecutions },
  { name: "agents-none", at: "/agents?search=nobody", until: ".empty" },
  { name: "agent-new", at: "/agents", until: ".table-row", then: (page) => page.getByRole("button", { name: "New agent" }).click().then(() => page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Refund review")) },
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
  { name: "designer-map", at: "/agents/lead-enrichment/design/1", until: ".react-flow__node", then: (page) => page.locator('.react-flow__node[data-id="leads"]').dblclick().then(() => page.locator('.react-flow__node[data-id="save"]').click()) },
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
  { name: "designer-compare", at: "/agents/compared/design/1?compare=2", until: ".designer-diff", prepare: twoRevisions },
  { name: "designer-none", at: "/agents/no-flow/design", until: ".designer-templates", prepare: longFlow },
  { name: "designer-long", at: "/agents/long-flow/design", until: ".react-flow__node", then: (page) => page.waitForTimeout(800) },
];
