// Calls as commands that somebody can paste into a shell: to read this again, to start it again, or to send what a step sent.
import { address } from "../../api/client";
import { hasHidden } from "../../lib/text";
import { isObject } from "./words";

const MASK = "••••";

function escaped(text: string): string {
  let out = "";
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (character === "\\" || character === "'") out += `\\${character}`;
    else if (character === "\n") out += "\\n";
    else if (character === "\t") out += "\\t";
    else if (hasHidden(character)) out += point > 0xffff ? `\\U${point.toString(16).padStart(8, "0")}` : point < 0x80 ? `\\x${point.toString(16).padStart(2, "0")}` : `\\u${point.toString(16).padStart(4, "0")}`;
    else out += character;
  }
  return `$'${out}'`;
}

/** One word of a shell, whatever stands in it: what a model wrote must not become a command, also in the terminal into which it is pasted. */
export function quoted(text: string): string {
  // A pasted control character could end the paste; such text is spelled out.
  if (hasHidden(text)) return escaped(text);
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A masked secret becomes the variable `$SECRET`. */
function withSecret(text: string): string {
  if (!text.includes(MASK)) return quoted(text);
  return text
    .split(MASK)
    .map((part) => (part === "" ? "" : quoted(part)))
    .join('"$SECRET"');
}

const KEY = `-H "X-API-KEY: $FLOWGATE_KEY"`;

function whole(path: string, where: { path?: unknown; query?: unknown }): string {
  return new URL(address(path, where), document.baseURI.replace(/#.*$/, "")).href;
}

export function readCurl(path: string, where: { path: Record<string, string> }): string {
  return `curl ${quoted(whole(path, where))} ${KEY}`;
}

export function startCurl(where: { tenant: string; agent: string }, parameters: unknown): string {
  const url = whole("/v1/tenants/{tenant}/agents/{agent}:execute", { path: where });
  return `curl ${quoted(url)} ${KEY} \\\n  -H 'content-type: application/json' \\\n  -d ${quoted(JSON.stringify({ parameters }))}`;
}

/** What an http step sent; null where it is no such call. */
export function callCurl(parameters: unknown): string | null {
  if (!isObject(parameters) || typeof parameters["url"] !== "string") return null;
  const method = typeof parameters["method"] === "string" ? parameters["method"] : "GET";
  const query = isObject(parameters["query"]) ? parameters["query"] : {};
  const pairs = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]))).toString();
  const url = pairs === "" ? parameters["url"] : `${parameters["url"]}${parameters["url"].includes("?") ? "&" : "?"}${pairs}`;
  // Models write addresses, too: nothing of one may be taken for an option of the program.
  const lines = [`curl --globoff -X ${quoted(method)} --url ${withSecret(url)}`];
  const headers = isObject(parameters["headers"]) ? parameters["headers"] : {};
  for (const [name, value] of Object.entries(headers)) lines.push(`-H ${withSecret(`${name}: ${String(value)}`)}`);
  const { body } = parameters;
  if (body !== undefined && body !== null) {
    if (!Object.keys(headers).some((name) => name.toLowerCase() === "content-type") && typeof body !== "string") lines.push(`-H 'content-type: application/json'`);
    lines.push(`--data-raw ${withSecret(typeof body === "string" ? body : JSON.stringify(body))}`);
  }
  return lines.join(" \\\n  ");
}
