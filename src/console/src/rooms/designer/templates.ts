// What one can start from: the flows of the repository, put in when the console is built, each loaded when it is chosen.
import { parseDocument } from "yaml";
import { applyEdit } from "./model/edits";

const FILES = import.meta.glob<string>(["../../../../../flows/*.yaml", "!../../../../../flows/*.rehearsal.yaml"], { query: "?raw", import: "default" });

export interface Template {
  name: string;
  load: () => Promise<string>;
}
export const TEMPLATES: readonly Template[] = Object.entries(FILES).map(([path, load]) => ({ name: path.split("/").at(-1)?.replace(".yaml", "") ?? path, load }));

/** What a template says of itself: its title, and the paragraph that its file begins with. */
export function aboutOf(text: string): { title: string; says: string } {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => line.replace("#", "").trim() === "" || !line.startsWith("#"));
  const words = lines.slice(0, Math.max(0, end)).map((line) => line.replace(/^#\s*/, "")).join(" ");
  const [title = "", ...rest] = words.split(": ");
  const says = rest.join(": ");
  return rest.length === 0 ? { title: "", says: words } : { title, says: says.charAt(0).toUpperCase() + says.slice(1) };
}

export function emptyFlow(agent: string): string {
  const name = /^[a-z][a-z0-9_-]*$/.test(agent) ? agent : "flow";
  return `flow: ${name}\nsteps: {}\n`;
}

/** A template under the name of its new agent. */
export function forAgent(text: string, agent: string): string {
  if (parseDocument(text).errors.length > 0 || !/^[a-z][a-z0-9_-]*$/.test(agent)) return text;
  return applyEdit(text, { kind: "set", path: ["flow"], value: agent });
}
