// The rooms that one can go to from everywhere, and where a key begins: what it may not see it is not shown the way to.
import type { Session } from "../api/session";
import type { IconName } from "../ui";

type May = Session["may"];
type Scope = Parameters<May>[0];

export interface Way {
  to: string;
  label: string;
  icon: IconName;
  /** With g before it. */
  key: string;
  /** One of these is enough. */
  needs: readonly Scope[];
}
const WAYS: readonly Way[] = [
  { to: "/agents", label: "Agents", icon: "agents", key: "a", needs: ["agents:read"] },
  { to: "/executions", label: "Executions", icon: "executions", key: "e", needs: ["executions:read"] },
  { to: "/inbox", label: "Inbox", icon: "inbox", key: "i", needs: ["approvals:read"] },
  { to: "/operate", label: "Operate", icon: "operate", key: "o", needs: ["agents:read", "keys:read", "secrets:read"] },
];
/** Whoever only decides begins with what waits to be decided. */
const HOMES = ["/agents", "/inbox", "/executions"];

export function waysFor(may: May): readonly Way[] {
  const open = WAYS.filter((way) => way.needs.some(may));
  return open.length > 0 ? open : WAYS;
}

export function homeFor(may: May): string {
  const open = waysFor(may).map((way) => way.to);
  return HOMES.find((home) => open.includes(home)) ?? "/operate";
}
