// A trigger as it is filled in, and as the API takes it.
import type { Schemas } from "../../api/client";

export type Trigger = Schemas["TriggerShown"];
export type Kind = Schemas["Kind"];

export const KINDS: readonly { value: Kind; label: string; says: string }[] = [
  { value: "SCHEDULE", label: "Schedule", says: "Fires at the times of a cron expression." },
  { value: "WEBHOOK", label: "Webhook", says: "Fires for events that somebody sends to its address, signed or with a token." },
  { value: "MANUAL", label: "By hand", says: "Fires when a person says so." },
  { value: "API", label: "By a program", says: "Fires when a program says so." },
];

export function kindLabel(kind: Kind): string {
  return KINDS.find((one) => one.value === kind)?.label ?? kind;
}

export const CRONS: readonly { value: string; label: string }[] = [
  { value: "0 * * * *", label: "Every hour" },
  { value: "0 6 * * *", label: "Every day at 6:00" },
  { value: "0 6 * * mon-fri", label: "On weekdays at 6:00" },
  { value: "0 6 * * mon", label: "On Mondays at 6:00" },
  { value: "0 6 1 * *", label: "On the first of the month at 6:00" },
];

export interface Draft {
  displayName: string;
  description: string;
  kind: Kind;
  cron: string;
  timeZone: string;
  jitterSeconds: string;
  catchUp: Schemas["CatchUp"];
  catchUpMax: string;
  graceSeconds: string;
  auth: Schemas["Proof"];
  replayWindowSeconds: string;
  eventId: string;
  eventType: string;
  /** JSON. */
  parameters: string;
  /** `name: CEL`, one a line. */
  mapping: string;
  filter: string;
  overlap: Schemas["Overlap"];
  budgetUsd: string;
  isEnforced: boolean;
}

export const FRESH: Draft = {
  displayName: "",
  description: "",
  kind: "SCHEDULE",
  cron: "0 6 * * *",
  timeZone: "UTC",
  jitterSeconds: "0",
  catchUp: "last",
  catchUpMax: "10",
  graceSeconds: "10",
  auth: "HMAC",
  replayWindowSeconds: "300",
  eventId: "",
  eventType: "",
  parameters: "{}",
  mapping: "",
  filter: "",
  overlap: "skip",
  budgetUsd: "",
  isEnforced: true,
};

export function draftOf(known: Trigger): Draft {
  const { schedule, webhook, budget } = known;
  return {
    ...FRESH,
    displayName: known.displayName,
    description: known.description ?? "",
    kind: known.kind,
    ...(schedule && { cron: schedule.cron, timeZone: schedule.timeZone, jitterSeconds: String(schedule.jitterSeconds), catchUp: schedule.catchUp, catchUpMax: String(schedule.catchUpMax), graceSeconds: String(schedule.graceSeconds) }),
    ...(webhook && { auth: webhook.auth, replayWindowSeconds: String(webhook.replayWindowSeconds), eventId: webhook.eventId ?? "" }),
    eventType: known.eventType ?? webhook?.eventType ?? "",
    parameters: JSON.stringify(known.parameters, null, 2),
    mapping: Object.entries(known.mapping ?? {}).map(([name, value]) => `${name}: ${value}`).join("\n"),
    filter: known.filter ?? "",
    overlap: known.overlap,
    budgetUsd: budget ? String(budget.amount) : "",
    isEnforced: budget?.enforceLimit ?? true,
  };
}

/** A JSON object; null: it is none. */
export function objectOf(text: string): Record<string, unknown> | null {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** `name: CEL` on each line; null: a line is neither that nor empty, or a name stands twice. */
export function mappingOf(text: string): Record<string, string> | null {
  const found: [string, string][] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const [, name, value] = /^\s*([A-Za-z_][\w-]*)\s*:\s*(\S.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined || found.some(([other]) => other === name)) return null;
    found.push([name, value.trim()]);
  }
  return Object.fromEntries(found);
}

const whole = (text: string) => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : null);
const amount = (text: string) => (/^\d+(\.\d+)?$/.test(text.trim()) && Number(text) > 0 ? Number(text) : null);

export type Problems = Partial<Record<keyof Draft, string>>;

/** What can be told to be wrong without asking the server. */
export function problemsOf(draft: Draft): Problems {
  const problems: Problems = {};
  if (draft.displayName.trim() === "") problems.displayName = "It needs a name.";
  if (objectOf(draft.parameters) === null) problems.parameters = "Write a JSON object, such as {\"depth\": 3}.";
  if (mappingOf(draft.mapping) === null) problems.mapping = "Write name: expression on each line, each name once.";
  if (draft.budgetUsd.trim() !== "" && amount(draft.budgetUsd) === null) problems.budgetUsd = "Write an amount above nothing, such as 25.";
  const seconds = (name: "jitterSeconds" | "graceSeconds" | "catchUpMax" | "replayWindowSeconds") => {
    if (whole(draft[name]) === null) problems[name] = "Write a whole number.";
  };
  if (draft.kind === "SCHEDULE") {
    if (draft.cron.trim() === "") problems.cron = "Say when.";
    seconds("jitterSeconds");
    seconds("graceSeconds");
    seconds("catchUpMax");
  }
  if (draft.kind === "WEBHOOK") seconds("replayWindowSeconds");
  return problems;
}

/** Where the server's words about a field belong. */
export function fieldOf(name: string): keyof Draft | null {
  const last = name.split(".").at(-1) ?? "";
  if (name.startsWith("budget")) return "budgetUsd";
  if (name.startsWith("mapping")) return "mapping";
  if (name.startsWith("parameters")) return "parameters";
  return Object.hasOwn(FRESH, last) ? (last as keyof Draft) : null;
}

/** What both making and changing take. What is empty is taken away. */
export function bodyOf(draft: Draft) {
  const schedule =
    draft.kind === "SCHEDULE"
      ? { cron: draft.cron.trim(), timeZone: draft.timeZone.trim() || "UTC", jitterSeconds: whole(draft.jitterSeconds) ?? 0, catchUp: draft.catchUp, catchUpMax: whole(draft.catchUpMax) ?? 10, graceSeconds: whole(draft.graceSeconds) ?? 10 }
      : null;
  const webhook = draft.kind === "WEBHOOK" ? { auth: draft.auth, replayWindowSeconds: whole(draft.replayWindowSeconds) ?? 300, eventId: draft.eventId.trim() || null, eventType: draft.eventType.trim() || null } : null;
  const mapping = mappingOf(draft.mapping) ?? {};
  const budget = amount(draft.budgetUsd);
  return {
    displayName: draft.displayName.trim(),
    description: draft.description.trim() || null,
    ...(schedule && { schedule }),
    ...(webhook && { webhook }),
    parameters: objectOf(draft.parameters) ?? {},
    mapping: Object.keys(mapping).length > 0 ? mapping : null,
    filter: draft.filter.trim() || null,
    overlap: draft.overlap,
    budget: budget === null ? null : { amount: budget, enforceLimit: draft.isEnforced },
  };
}

export function stateOf(one: Pick<Trigger, "active" | "paused">): "ON" | "PAUSED" | "OFF" {
  return !one.active ? "OFF" : one.paused ? "PAUSED" : "ON";
}

/** When it fires, in few words. */
export function whenOf(one: Pick<Trigger, "kind" | "schedule" | "webhook" | "eventType">): string {
  if (one.schedule) return `${one.schedule.cron} ${one.schedule.timeZone}`;
  if (one.webhook) return one.eventType ? `Events ${one.eventType}` : "Events";
  return kindLabel(one.kind);
}

/** Every time zone that the browser knows. */
export function timeZones(): string[] {
  const known = (Intl as { supportedValuesOf?: (key: "timeZone") => string[] }).supportedValuesOf?.("timeZone") ?? [];
  return [...new Set(["UTC", ...known])];
}
