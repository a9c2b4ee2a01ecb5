// What must hold of query.
import { act, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { ProblemError } from "./client";
import { forgetEverything, invalidate, useAction, useApi } from "./query";

afterEach(() => {
  vi.unstubAllGlobals();
  forgetEverything();
});

function Tenants() {
  const tenants = useApi("/v1/tenants", {});
  return <p>{tenants.isLoading ? "loading" : `${tenants.data?.length ?? "none"} ${tenants.error?.code ?? "fine"}`}</p>;
}

test("what was read stays when reading it again fails", async () => {
  let body = new Response("[{}]");
  vi.stubGlobal("fetch", async () => body);
  render(<Tenants />);
  expect(screen.getByText("loading")).toBeTruthy();
  await screen.findByText("1 fine");
  body = new Response(JSON.stringify({ type: "", title: "", status: 503, detail: "", code: "busy" }), { status: 503 });
  invalidate("/v1/tenants");
  await screen.findByText("1 busy");
});

test("a second click does nothing while the first is under way", async () => {
  const done: (() => void)[] = [];
  const work = vi.fn(() => new Promise<void>((resolve) => done.push(resolve)));
  function Twice() {
    const action = useAction(work);
    return <button onClick={() => void action.run()}>{action.isBusy ? "busy" : "idle"}</button>;
  }
  render(<Twice />);
  const button = screen.getByRole("button");
  act(() => {
    button.click();
    button.click();
  });
  expect(work).toHaveBeenCalledOnce();
  await act(async () => done[0]?.());
  await screen.findByText("idle");
});

test("a problem of an action is kept", async () => {
  const problem = new ProblemError({ type: "", title: "No", status: 403, detail: "not yours", code: "forbidden" });
  function Refused() {
    const action = useAction(() => Promise.reject(problem));
    return <button onClick={() => void action.run()}>{action.problem?.code ?? "fine"}</button>;
  }
  render(<Refused />);
  screen.getByRole("button").click();
  await screen.findByText("forbidden");
});
