// What is photographed: the address, what must be there before, and what is prepared through the API. Each room adds its lines.
const base = "/v1/tenants/default";

async function someExecutions(api) {
  for (let at = 0; at < 5; at += 1) await api("POST", `${base}/agents/company-profile:execute`, { parameters: { domain: `domain ${at}` } });
}

export const SHOTS = [
  { name: "sign-in", isSignedOut: true },
  { name: "agents", at: "/agents", until: ".table-row", prepare: someExecutions },
  { name: "agents-none", at: "/agents?search=nobody", until: ".empty" },
  { name: "agent", at: "/agents/company-profile", until: ".table-row .status" },
  { name: "revisions", at: "/agents/company-profile/revisions", until: ".table-row" },
];
