// What a status is called and which colour it has: in one place, so that it means the same in every room.

/** Colours have meanings; these are all there are. */
export type Tone = "neutral" | "moving" | "waiting" | "good" | "bad" | "stopped" | "doubt";

export interface StatusLook {
  label: string;
  tone: Tone;
  /** Told apart without colours, too. */
  sign: string;
}

const MOVING = "◐";
const WAITING = "◔";
const GOOD = "●";
const BAD = "✕";
const STOPPED = "■";
const DOUBT = "?";

const EXECUTION: Record<string, StatusLook> = {
  IN_PROGRESS: { label: "Running", tone: "moving", sign: MOVING },
  WAITING_FOR_HUMAN: { label: "Waits for a person", tone: "waiting", sign: WAITING },
  WAITING_FOR_ASYNC: { label: "Waits", tone: "waiting", sign: WAITING },
  COMPLETED: { label: "Completed", tone: "good", sign: GOOD },
  FAILED: { label: "Failed", tone: "bad", sign: BAD },
  TIMED_OUT: { label: "Timed out", tone: "bad", sign: BAD },
  CANCELLED: { label: "Cancelled", tone: "stopped", sign: STOPPED },
  REJECTED: { label: "Refused", tone: "bad", sign: BAD },
};

const STEP: Record<string, StatusLook> = {
  PENDING: { label: "Not reached", tone: "neutral", sign: "○" },
  READY: { label: "Ready", tone: "neutral", sign: "○" },
  RUNNING: { label: "Running", tone: "moving", sign: MOVING },
  WAITING: { label: "Waits", tone: "waiting", sign: WAITING },
  SUCCESS: { label: "Done", tone: "good", sign: GOOD },
  SUCCEEDED: { label: "Done", tone: "good", sign: GOOD },
  ERROR: { label: "Failed", tone: "bad", sign: BAD },
  SKIPPED: { label: "Skipped", tone: "stopped", sign: "–" },
  RETRYING: { label: "Tries again", tone: "moving", sign: MOVING },
  COMPLETED: { label: "Done", tone: "good", sign: GOOD },
  UNSPECIFIED: { label: "Open", tone: "moving", sign: MOVING },
  IN_DOUBT: { label: "In doubt", tone: "doubt", sign: DOUBT },
  LOST: { label: "Lost", tone: "doubt", sign: DOUBT },
};

const APPROVAL: Record<string, StatusLook> = {
  PENDING: { label: "Open", tone: "waiting", sign: WAITING },
  RESPONDED: { label: "Decided", tone: "good", sign: GOOD },
  EXPIRED: { label: "Expired", tone: "stopped", sign: STOPPED },
  CANCELLED: { label: "Withdrawn", tone: "stopped", sign: STOPPED },
};

const DELIVERY: Record<string, StatusLook> = {
  PENDING: { label: "Waits", tone: "waiting", sign: WAITING },
  DELIVERED: { label: "Delivered", tone: "good", sign: GOOD },
  FAILED: { label: "Failed", tone: "bad", sign: BAD },
  DROPPED: { label: "Not needed any more", tone: "stopped", sign: STOPPED },
};

/** What became of a trigger's firing. */
const FIRING: Record<string, StatusLook> = {
  PENDING: { label: "Starts", tone: "moving", sign: MOVING },
  QUEUED: { label: "Queued", tone: "waiting", sign: WAITING },
  STARTED: { label: "Started", tone: "moving", sign: MOVING },
  ENDED: { label: "Ended", tone: "good", sign: GOOD },
  SKIPPED: { label: "Skipped", tone: "stopped", sign: "–" },
  MISSED: { label: "Missed", tone: "stopped", sign: "–" },
  FAILED: { label: "Not started", tone: "bad", sign: BAD },
};

/** Whether a trigger fires. */
const TRIGGER: Record<string, StatusLook> = {
  ON: { label: "On", tone: "good", sign: GOOD },
  PAUSED: { label: "Paused", tone: "waiting", sign: WAITING },
  OFF: { label: "Off", tone: "stopped", sign: STOPPED },
};

export type StatusKind = "execution" | "step" | "approval" | "delivery" | "firing" | "trigger";
const KINDS: Record<StatusKind, Record<string, StatusLook>> = { execution: EXECUTION, step: { ...EXECUTION, ...STEP }, approval: APPROVAL, delivery: DELIVERY, firing: FIRING, trigger: TRIGGER };

/** How a status looks; one that is not known shows its own name. */
export function statusLook(kind: StatusKind, status: string): StatusLook {
  const name = status.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();
  return KINDS[kind][name] ?? { label: status, tone: "neutral", sign: "○" };
}

/** Statuses in which an execution is not over yet. */
export const UNFINISHED = ["IN_PROGRESS", "WAITING_FOR_HUMAN", "WAITING_FOR_ASYNC"] as const;

export function isFinished(status: string): boolean {
  return !(UNFINISHED as readonly string[]).includes(status);
}
