// What is said of an execution: why it does not move, and what its journal's entries say in one line.
import { duration } from "../../lib/format";
import type { Line, Record_, Tree } from "./model";

export type Values = Record<string, unknown>;

export function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export interface Why {
  tone: "moving" | "waiting" | "bad" | "doubt" | "neutral";
  /** Ours. */
  says: string;
  /** Theirs: a title, a name, an error. Shown as text. */
  quotes: string | null;
  /** What would move it. */
  then: string | null;
}

const WAITS: Record<string, Pick<Why, "tone" | "says" | "then">> = {
  APPROVAL: { tone: "waiting", says: "A person has to decide", then: "It goes on as soon as somebody who may decide has decided." },
  CONSULT: { tone: "waiting", says: "A person is asked", then: "It goes on with the answer." },
  SUBTASK: { tone: "waiting", says: "A child execution has not ended", then: "It goes on when the child has ended." },
  IN_DOUBT: { tone: "doubt", says: "Nobody knows whether a call that happens once has happened", then: "Ask the other side, then say so. Flowgate never guesses." },
  EVENT: { tone: "waiting", says: "A signal has not come", then: "It goes on when the signal comes, or its time is over." },
  TIMER: { tone: "waiting", says: "It waits for a time", then: "It goes on by itself." },
  PAUSE: { tone: "waiting", says: "A person holds it", then: "Nothing new begins until somebody lets it go on. What arrives meanwhile is kept." },
};

/** Why an execution that is not over stands where it stands. Null: it is over. */
export function whyOf(record: Record_, tree: Tree | null, nowMs: number): Why | null {
  if (record.quarantined) return { tone: "doubt", says: "It was set aside", quotes: record.quarantined.reason, then: "Release it when the cause is mended, or cancel it." };
  if (record.endTime) return null;
  const waits = record.waitingFor;
  if (record.paused) return { ...(WAITS["PAUSE"] as Why), quotes: null };
  if (waits) {
    const known = WAITS[waits.kind] ?? { tone: "waiting" as const, says: "It waits", then: null };
    return { ...known, quotes: waits.kind === "EVENT" && waits.signals.length > 0 ? waits.signals.join(", ") : waits.displayName };
  }
  // Of a part of the attempts nothing follows about the rest.
  if (tree && !tree.isWhole) return { tone: "moving", says: "It is under way", quotes: null, then: null };
  const open = (tree?.attempts ?? []).filter((line) => line.endMs === 0 && line.startMs > 0 && line.lines.length === 0 && line.status === "RUNNING");
  const [first] = open.sort((left, right) => left.startMs - right.startMs);
  if (first) return { tone: "moving", says: runs(first, open.length, nowMs), quotes: first.name, then: null };
  const failed = tree?.attempts.at(-1);
  if (failed && (failed.status === "ERROR" || failed.status === "LOST")) return { tone: "moving", says: "It tries again after a pause", quotes: failed.raw?.error ?? failed.name, then: null };
  return { tone: "moving", says: "It waits for its turn: the server is busy with others", quotes: null, then: null };
}

function runs(line: Line, count: number, nowMs: number): string {
  const took = duration(Math.max(0, nowMs - line.startMs));
  const more = count > 1 ? `; ${count} are under way` : "";
  if (line.work === "model") return `A model has been asked for ${took}${more}`;
  if (line.work === "tool") return `A call has been under way for ${took}${more}`;
  if (line.work === "child") return `A child execution has been running for ${took}${more}`;
  return `A step has been open for ${took}${more}`;
}

// -- the journal ------------------------------------------------------------------------------------------------------------------------

export interface Entry {
  seq: number;
  at: number;
  event: Values;
}

/** What happened, as the journal calls it. */
export function entryName(entry: Entry): string {
  return typeof entry.event["event"] === "string" ? entry.event["event"] : "unknown";
}

/** Where it happened: the step, and the frame where that is not the execution itself. */
export function entryPlace(entry: Entry): string {
  const { event } = entry;
  const place = isObject(event["place"]) ? event["place"] : event;
  const parts: string[] = [];
  if (typeof place["step"] === "string") parts.push(place["step"]);
  if (typeof event["item"] === "number") parts.push(`item ${event["item"]}`);
  if (typeof event["call"] === "number") parts.push(`call ${event["call"]}`);
  if (typeof place["frame"] === "number" && place["frame"] > 0) parts.push(`frame ${place["frame"]}`);
  return parts.join(" · ");
}

const SAID_MAX = 200;
const STRUCTURE = new Set(["event", "frame", "step", "place", "call", "boot", "attempt", "item"]);

/** The rest of an entry, in one line. */
export function entryText(entry: Entry): string {
  const rest = Object.fromEntries(Object.entries(entry.event).filter(([key]) => !STRUCTURE.has(key)));
  if (Object.keys(rest).length === 0) return "";
  const text = JSON.stringify(rest);
  return text.length > SAID_MAX ? `${text.slice(0, SAID_MAX)}…` : text;
}
