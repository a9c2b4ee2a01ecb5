// What must hold of the inbox.
import { act, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readPages } from "../../api/pages";
import { forgetEverything, invalidate } from "../../api/query";
import { GivenSession, type Session } from "../../api/session";
import { lastTime } from "./ActionShown";
import { Detail } from "./Detail";
import { fits, queryOf, sizeOf } from "./InboxRoom";
import { asksOnce, whyNot, type Approval } from "./words";

const APPROVAL = {
  id: "a1", agentId: "refunds", agentRevision: 1, executionRecordId: "e1", gateType: "APPROVAL", stepIdentifier: "review", toolKey: "refund", outboundMessage: "Refund <b>42</b>\u202e?",
  proposedParameters: { order: "A-1", amount: 42 }, authorizedApprovers: ["role:finance"], status: "PENDING", createdAt: 1, digest: "sha256:one", evidence: [{ name: "input.message", value: "<img src=x onerror=alert(1)>" }],
  action: { step: "refund", kind: "http", effect: "once", arguments: { order: "A-1", amount: 42 }, method: "POST", url: "https://shop.example/refunds", query: [], headers: [], rehearsed: false },
  decisions: ["approve", "edit", "reject"], editable: true, edits: 0, quorum: 1, votes: [], excluded: [], risk: "HIGH", startedBy: "ana", costSoFar: 0.1, tokensSoFar: 9, mayDecide: true,
} as unknown as Approval;

const session = { who: { user: "bob" }, tenant: "t", environment: null, may: () => true } as unknown as Session;
let now: Approval;
let sent: { url: string; body: unknown }[];
let answer: () => Response;
const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });

beforeEach(() => {
  now = APPROVAL;
  sent = [];
  answer = () => json((now = { ...now, status: "RESPONDED", respondedBy: "bob", decided: { decision: "approve", by: "bob", at: 2, digest: now.digest } } as Approval));
  HTMLDialogElement.prototype.showModal ??= function () { this.open = true; };
  HTMLDialogElement.prototype.close ??= function () { this.open = false; };
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    if (init.method === "POST") {
      sent.push({ url, body: JSON.parse(String(init.body ?? "null")) });
      return Promise.resolve(answer());
    }
    return Promise.resolve(json(url.endsWith("/a1") ? now : { items: [] }));
  });
});
afterEach(() => {
  forgetEverything();
  vi.unstubAllGlobals();
});

function show() {
  return render(
    <GivenSession session={session}>
      <Detail id="a1" listed={now} onNext={() => undefined} onBack={null} />
    </GivenSession>,
  );
}

test("what cannot be taken back is asked about once, and the digest that was shown is sent once", async () => {
  const { container } = show();
  expect(container.querySelector("img, b")).toBeNull();
  await userEvent.keyboard("a");
  expect(sent).toEqual([]);
  const sure = screen.getAllByRole("button", { name: "Approve", hidden: true }).at(-1)!;
  await userEvent.dblClick(sure);
  await screen.findByText("you", { exact: false });
  expect(sent).toEqual([{ url: "v1/tenants/t/pendingApprovals/a1:decide", body: { decision: "approve", digest: "sha256:one" } }]);
  await userEvent.keyboard("a");
  expect(sent).toHaveLength(1);
});

test("what changed while one looked cannot be decided before it was looked at", async () => {
  show();
  await screen.findByRole("button", { name: /Approve/ });
  now = { ...now, digest: "sha256:two", proposedParameters: { order: "A-1", amount: 900 }, action: { ...now.action!, effect: "read", arguments: { order: "A-1", amount: 900 } } } as Approval;
  act(() => invalidate("v1/tenants/t/pendingApprovals/a1"));
  await screen.findByText("It is another action now.");
  await userEvent.keyboard("a");
  expect(sent).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: /I have looked/ }));
  await userEvent.keyboard("a");
  await waitFor(() => expect(sent.map((one) => one.body)).toEqual([{ decision: "approve", digest: "sha256:two" }]));
});

test("decided elsewhere: it says by whom and what", async () => {
  answer = () => {
    now = { ...now, status: "RESPONDED", respondedBy: "eve", mayDecide: false, decided: { decision: "reject", by: "eve", at: 2, digest: now.digest, reason: "Too much" } } as Approval;
    return json({ type: "", title: "Decided", status: 409, detail: "It was decided", code: "decided" }, 409);
  };
  show();
  await userEvent.keyboard("r");
  await userEvent.type(screen.getByLabelText("Why not"), "No");
  await userEvent.click(screen.getAllByRole("button", { name: "Reject", hidden: true }).at(-1)!);
  await screen.findByText("eve");
  expect(screen.getByText("Rejected")).toBeTruthy();
  expect(screen.getByText("Too much")).toBeTruthy();
});

test("the last time is the newest that went ahead, of the same step", () => {
  const closed = [
    { ...APPROVAL, id: "b", respondedAt: 5, decision: "APPROVE" },
    { ...APPROVAL, id: "c", respondedAt: 9, decision: "REJECT" },
    { ...APPROVAL, id: "d", respondedAt: 8, decision: "APPROVE", toolKey: "other" },
    { ...APPROVAL, id: "e", respondedAt: 7, decision: "APPROVE" },
  ] as Approval[];
  expect(lastTime(closed, APPROVAL)?.id).toBe("e");
});

test("filters, and reasons why one cannot decide", () => {
  expect(queryOf({ view: "", agent: "", due: "hour", risk: "", search: "" })).toMatchObject({ status: ["PENDING"], approver: "me", expiringWithinMs: 3_600_000 });
  expect(queryOf({ view: "closed", agent: "x", due: "hour", risk: "", search: "" })).toMatchObject({ approver: undefined, agentId: "x", expiringWithinMs: undefined });
  expect(fits({ ...APPROVAL, environment: "staging" } as Approval, "", "production")).toBe(false);
  expect(fits(APPROVAL, "REFUND a-9", null)).toBe(false);
  expect(whyNot({ ...APPROVAL, mayDecide: false, excluded: ["bob"] }, "bob", true)).toMatch(/part in it/);
  expect(whyNot(APPROVAL, "bob", true)).toBeNull();
  expect(asksOnce({ ...APPROVAL, action: { ...APPROVAL.action!, effect: "read" } }, "approve")).toBe(false);
});

test("pages are followed through empty ones", async () => {
  const pages: Record<string, { items: number[]; nextPageToken?: string | null }> = { first: { items: [], nextPageToken: "b" }, b: { items: [1, 2], nextPageToken: "c" }, c: { items: [3], nextPageToken: null } };
  const read = (url: string) => Promise.resolve(pages[url]!);
  expect(await readPages(read, (token) => token ?? "first", null, 1)).toEqual({ items: [1, 2], next: "c" });
  expect(await readPages(read, (token) => token ?? "first", null, 3)).toEqual({ items: [1, 2, 3], next: null });
});

test("what was read is told beside what there is", () => {
  expect([sizeOf(1, false, 1), sizeOf(100, true, 1_010), sizeOf(100, true, null), sizeOf(100, true, 40)]).toEqual(["1 approval", "100 of 1,010 approvals", "100 approvals so far", "100 approvals so far"]);
});
