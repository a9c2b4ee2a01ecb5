// What the designer reads first, begun while its code is fetched.
import { readAhead } from "../../api/query";
import type { Params } from "../../lib/router";

export async function designAhead(params: Params, tenant: string): Promise<void> {
  const agent = params["agent"] ?? "";
  void readAhead("/v1/tenants/{tenant}/agents/{agent}/revisions", { path: { tenant, agent } });
  const known = readAhead("/v1/tenants/{tenant}/agents/{agent}", { path: { tenant, agent } });
  const base = params["revision"] ? Number(params["revision"]) : (await known)?.lastRevision;
  if (base === undefined || !Number.isInteger(base)) return;
  const path = { tenant, agent, revision: String(base) };
  void readAhead("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft", { path });
  if (base > 0) void readAhead("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}", { path });
}
