// What approvals and decisions are called, and what follows from them.
import type { Schemas } from "../../api/client";
import type { Tone } from "../../lib/status";

export type Approval = Schemas["Approval"];
export type Word = Schemas["DecisionWord"];

export const GATES: Record<Schemas["GateType"], string> = {
  APPROVAL: "Approval",
  TOOL_APPROVAL: "Tool call",
  ASK: "Question",
  IN_DOUBT: "In doubt",
  BUDGET: "Budget",
};

interface WordLook {
  /** On the button. */
  label: string;
  /** Of what was decided. */
  past: string;
  tone: Tone;
}
export const WORDS: Record<Word, WordLook> = {
  approve: { label: "Approve", past: "Approved", tone: "good" },
  edit: { label: "Edit", past: "Approved with changes", tone: "good" },
  reject: { label: "Reject", past: "Rejected", tone: "bad" },
  respond: { label: "Answer", past: "Answered", tone: "good" },
  retry: { label: "It did not happen", past: "Done again", tone: "doubt" },
  happened: { label: "It happened", past: "Taken as done", tone: "good" },
  fail: { label: "Nobody can know", past: "Given up", tone: "bad" },
};

/** The order of the buttons; the first is the main one. */
export const ORDER: readonly Word[] = ["respond", "approve", "happened", "retry", "edit", "reject", "fail"];

const EFFECTS: Record<string, string> = {
  read: "It only reads.",
  idempotent: "Repeating it changes nothing more.",
  once: "It happens once and cannot be taken back.",
};

export function effectSays(approval: Approval): string | null {
  return approval.action ? (EFFECTS[approval.action.effect] ?? null) : null;
}

/** Whether a decision is asked about once more: what it sets off cannot be taken back. */
export function asksOnce(approval: Approval, word: Word): boolean {
  if (word === "approve" || word === "retry") return approval.action?.effect === "once" || approval.gateType === "BUDGET" || word === "retry";
  return word === "fail";
}

export function isOpen(approval: Approval): boolean {
  return approval.status === "PENDING";
}

/** Who may decide, in words. */
export function approversSay(approval: Approval): string {
  const names = approval.authorizedApprovers.map((one) => one.replace(/^role:/, "anybody of ").replace(/^user:/, ""));
  const who = names.length === 0 ? "Anybody with a key that decides" : names.join(", ");
  const not = approval.excluded.length > 0 ? `, but not ${approval.excluded.join(", ")}` : "";
  const many = approval.quorum > 1 ? `; ${approval.quorum} must agree, ${approval.votes.filter((vote) => vote.digest === approval.digest).length} did` : "";
  return `${who}${not}${many}`;
}

/** Why the reader cannot decide; null: they can. */
export function whyNot(approval: Approval, user: string, hasScope: boolean): string | null {
  if (!isOpen(approval) || approval.mayDecide) return null;
  if (!hasScope) return "Your key may look, but not decide: it has no scope approvals:decide.";
  if (approval.excluded.includes(user)) return "Whoever has a part in it may not decide it, and you have.";
  if (approval.votes.some((vote) => vote.by === user && vote.digest === approval.digest)) return "You agreed. It waits for the others.";
  return `It is for ${approversSay(approval)}.`;
}

const HOUR_MS = 3_600_000;

/** How urgent a deadline is. */
export function deadlineTone(expiresAt: number | null | undefined, nowMs: number): Tone | null {
  if (expiresAt === null || expiresAt === undefined) return null;
  if (expiresAt - nowMs < HOUR_MS) return "bad";
  return expiresAt - nowMs < 24 * HOUR_MS ? "waiting" : "neutral";
}

export interface Given {
  decision: Word;
  digest: string;
  arguments?: unknown;
  response?: unknown;
  result?: unknown;
  reason?: string;
}
