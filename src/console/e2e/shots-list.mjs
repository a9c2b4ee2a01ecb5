// What is photographed: the address, what must be there before, and what is prepared through the API. Each room adds its lines.
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
  { name: "designer-none", at: "/agents/no-flow/design", until: ".designer-templates", prepare: longFlow },
  { name: "designer-long", at: "/agents/long-flow/design", until: ".react-flow__node", then: (page) => page.waitForTimeout(800) },
];
