// What must hold of client.
import { afterEach, expect, test, vi } from "vitest";
import { address, api, onSignedOut, ProblemError } from "./client";

afterEach(() => vi.unstubAllGlobals());

function answers(status: number, body: unknown) {
  const asked = vi.fn(async () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers: { "retry-after": "3" } }));
  vi.stubGlobal("fetch", asked);
  return asked;
}

test("an address holds its values, encoded, and no empty ones", () => {
  const path = { tenant: "a/b" };
  expect(address("/v1/tenants/{tenant}/agents", { path, query: { search: "", tags: ["x", "y z"], pageSize: 0, pageToken: null } })).toBe(
    "v1/tenants/a%2Fb/agents?tags=x&tags=y+z&pageSize=0",
  );
});

test("a problem arrives whole", async () => {
  answers(409, { type: "t", title: "Decided", status: 409, detail: "somebody was faster", code: "already_decided" });
  const error = await api.get("/v1/tenants", {}).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ProblemError);
  expect(error).toMatchObject({ code: "already_decided", status: 409, message: "somebody was faster", retryAfterMs: 3_000 });
});

test("what something in between says is not shown", async () => {
  answers(502, "<script>alert(1)</script>");
  await expect(api.get("/v1/tenants", {})).rejects.toMatchObject({ code: "unexpected", status: 502 });
});

test("whoever is signed out is told", async () => {
  const told = vi.fn();
  const stop = onSignedOut(told);
  answers(401, { type: "t", title: "No", status: 401, detail: "no", code: "unauthorized" });
  await api.get("/v1/tenants", {}).catch(() => undefined);
  expect(told).toHaveBeenCalledOnce();
  stop();
});
