// What must hold of router.
import { expect, test } from "vitest";
import { hrefOf, match, navigate, to } from "./router";

test("a pattern gives its names, decoded", () => {
  expect(match("/agents/:agent", "/agents/a%2Fb")).toEqual({ agent: "a/b" });
  expect(match("/agents/:agent", "/agents/a/b")).toBeNull();
  expect(match("/agents/:agent", "/agents")).toBeNull();
  expect(match("/x/*", "/x/a/b")).toEqual({ rest: "a/b" });
  expect(match("/agents/:agent", "/agents/%zz")).toEqual({ agent: "%zz" });
});

test("a path encodes its values, and the tenant goes along", () => {
  expect(to`/agents/${"a b/c"}/release`).toBe("/agents/a%20b%2Fc/release");
  navigate("/agents?tenant=other", { replace: true });
  expect(hrefOf("/inbox?a=1")).toBe("#/inbox?a=1&tenant=other");
  navigate("/", { replace: true, keepTenant: false });
  expect(hrefOf("/inbox")).toBe("#/inbox");
});
