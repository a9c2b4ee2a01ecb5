// How traffic is shared between revisions: weights as the server keeps them, percents as people write them, and what a change means.
import type { Schemas } from "../../api/client";

export type Share = Schemas["Share"];
type Line = Schemas["DeployLine"];
type Record_ = Schemas["Record"];

/** As many as one environment may share its traffic between. */
export const SHARES_MAX = 10;
/** Percents are written with two decimals at most. */
const PARTS = 10_000;

/** The part of the traffic that each revision takes, from 0 to 1; the largest first. */
export function sharesOf(split: readonly Share[]): { revision: number; share: number }[] {
  const sum = split.reduce((total, one) => total + one.weight, 0);
  return split.map((one) => ({ revision: one.revision, share: sum > 0 ? one.weight / sum : 0 })).sort((a, b) => b.share - a.share || b.revision - a.revision);
}

/** The revision with the largest share; 0: nothing runs. */
export function mainOf(split: readonly Share[]): number {
  return sharesOf(split)[0]?.revision ?? 0;
}

export interface Wanted {
  revision: number;
  /** As it is typed. */
  percent: string;
}

/** Percents with at most two decimals, as parts of the whole; null: it is none. */
function partsOf(text: string): number | null {
  const trimmed = text.trim().replace(/\s*%$/, "");
  if (!/^\d{1,3}([.,]\d{1,2})?$/.test(trimmed)) return null;
  return Math.round(Number(trimmed.replace(",", ".")) * 100);
}

function common(a: number, b: number): number {
  return b === 0 ? a : common(b, a % b);
}

/** The split that sends each of `others` its percents and `main` the rest; or what is wrong with it. */
export function splitOf(main: number, others: readonly Wanted[]): { split: Share[] } | { problem: string } {
  const parts = others.map((one) => ({ revision: one.revision, parts: partsOf(one.percent) }));
  const named = [main, ...others.map((one) => one.revision)];
  if (new Set(named).size < named.length) return { problem: "A revision stands there twice." };
  const wrong = parts.find((one) => one.parts === null || one.parts === 0);
  if (wrong) return { problem: `Write a percentage above 0 for revision ${wrong.revision}, such as 10 or 0.5.` };
  const rest = PARTS - parts.reduce((sum, one) => sum + (one.parts ?? 0), 0);
  if (rest <= 0) return { problem: `Nothing is left for revision ${main}. Deploy another one instead, or give the others less.` };
  const all = [{ revision: main, weight: rest }, ...parts.map((one) => ({ revision: one.revision, weight: one.parts ?? 0 }))];
  const by = all.reduce((divisor, one) => common(divisor, one.weight), PARTS);
  return { split: all.map((one) => ({ revision: one.revision, weight: one.weight / by })) };
}

/** What is left for the first revision, in percent; null where the others cannot be read. */
export function restOf(others: readonly Wanted[]): number | null {
  let rest = PARTS;
  for (const one of others) {
    const parts = partsOf(one.percent);
    if (parts === null) return null;
    rest -= parts;
  }
  return rest / 100;
}

export interface Change {
  revision: number;
  /** From 0 to 1. */
  before: number;
  after: number;
}

/** What each revision takes now and would take; the one that gains most first. */
export function changesOf(before: readonly Share[], after: readonly Share[]): Change[] {
  const now = new Map(sharesOf(before).map((one) => [one.revision, one.share]));
  const then = new Map(sharesOf(after).map((one) => [one.revision, one.share]));
  return [...new Set([...now.keys(), ...then.keys()])]
    .map((revision) => ({ revision, before: now.get(revision) ?? 0, after: then.get(revision) ?? 0 }))
    .sort((a, b) => b.after - b.before - (a.after - a.before) || b.revision - a.revision);
}

export function sameSplit(a: readonly Share[], b: readonly Share[]): boolean {
  return changesOf(a, b).every((one) => Math.abs(one.before - one.after) < 1e-9);
}

/** Where a rollback goes when nobody says where, as the server has it: what ran before the present revision came; rollbacks are no step back. */
export function beforePresent(history: readonly Line[], environment: string, split: readonly Share[]): number | null {
  const present = mainOf(split);
  const came = history.find((line) => line.environment === environment && line.targetRevision === present && !line.isRollback);
  return came && came.previousRevision > 0 ? came.previousRevision : null;
}

export interface Running {
  revision: number;
  environment: string;
  running: number;
  waitingForPeople: number;
  waiting: number;
  /** When the one that runs longest began. */
  oldestMs: number;
}

/** What only a person moves on. */
const PEOPLE = new Set(["APPROVAL", "CONSULT", "IN_DOUBT"]);

/** Which revisions still have executions that are not over, by environment. */
export function runningOf(records: readonly Record_[]): Running[] {
  const found = new Map<string, Running>();
  for (const one of records) {
    const environment = one.environmentSlug ?? "production";
    const key = `${one.agentRevision} ${environment}`;
    const known = found.get(key) ?? { revision: one.agentRevision, environment, running: 0, waitingForPeople: 0, waiting: 0, oldestMs: one.startTime };
    // With a bearer token both kinds of waiting are told as WAITING_FOR_ASYNC; what it waits for tells them apart.
    if (one.status === "WAITING_FOR_HUMAN" || (one.status === "WAITING_FOR_ASYNC" && PEOPLE.has(one.waitingFor?.kind ?? ""))) known.waitingForPeople += 1;
    else if (one.status === "WAITING_FOR_ASYNC") known.waiting += 1;
    else known.running += 1;
    known.oldestMs = Math.min(known.oldestMs, one.startTime);
    found.set(key, known);
  }
  return [...found.values()].sort((a, b) => b.revision - a.revision || a.environment.localeCompare(b.environment));
}

export function unfinishedOf(running: readonly Running[], revision: number, environment?: string): number {
  return running.filter((one) => one.revision === revision && (environment === undefined || one.environment === environment)).reduce((sum, one) => sum + one.running + one.waitingForPeople + one.waiting, 0);
}
