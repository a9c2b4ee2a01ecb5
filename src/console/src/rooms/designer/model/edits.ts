// Changes of a YAML text that touch nothing but what they change: comments, order and spelling of the rest stay. A change is planned as
// splices of the text and then proved by reading the result; where that is not what was meant, the document is printed anew instead.
import { Document, isAlias, isMap, isPair, isScalar, isSeq, parseDocument, visit, type Node, type Pair, type YAMLMap, type YAMLSeq } from "yaml";

export type Path = readonly (string | number)[];
export type Plain = unknown;
export type Edit =
  /** The value at a place; what is on the way to it and missing is made. */
  | { kind: "set"; path: Path; value: Plain }
  | { kind: "remove"; path: Path }
  /** Another key for the same value. */
  | { kind: "rename"; path: Path; key: string }
  | { kind: "append"; path: Path; value: Plain };

export class EditError extends Error {}

interface Splice {
  start: number;
  end: number;
  text: string;
}

/** In this order new keys are put among the others; others come last. */
const ORDER = ["flow", "title", "description", "start", "input", "config", "limits", "defaults", "steps", "edges", "output", "ui"];
const INLINE_MAX = 76;
const PRINT = { lineWidth: 0, flowCollectionPadding: false, doubleQuotedMinMultiLineLength: 1_000_000, blockQuote: "literal" } as const;

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Equal whatever the order of keys. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) return left.length === right.length && left.every((one, at) => sameValue(one, right[at]));
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && sameValue(left[key], right[key]));
}

/** The value of a text; an error for a text that is no YAML. */
export function plainOf(text: string): Plain {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw new EditError(error.message);
  return document.toJS() as Plain;
}

// -- printing ---------------------------------------------------------------------------------------------------------------------------

function inline(value: Plain): string {
  const document = new Document(value);
  visit(document, { Collection: (_, node) => void (node.flow = true) });
  return document.toString(PRINT).replace(/\n$/, "");
}

function isShort(value: Plain): boolean {
  const text = inline(value);
  return text.length <= INLINE_MAX && !JSON.stringify(value ?? null).includes("\\n");
}

/** Never on one line, so that lists of steps can grow. */
const SPREAD = ["steps", "edges", "body", "ui", "positions"];

function keyOf(node: unknown): string {
  return isPair(node) && isScalar(node.key) ? String(node.key.value) : "";
}

/** As lines: short things inside it on one line each. */
function block(value: Plain, areSteps = false): string {
  const document = new Document(value);
  visit(document, {
    Collection: (key, node, path) => {
      const plain = node.toJS(document) as Plain;
      const isOpen = SPREAD.includes(keyOf(path.at(-1))) || keyOf(path.at(-3)) === "steps" || (areSteps && path.length === 3);
      if (key !== null && !isOpen && isShort(plain)) {
        node.flow = true;
        visit(node, { Collection: (_, inner) => void (inner.flow = true) });
        return visit.SKIP;
      }
      return undefined;
    },
  });
  return document.toString(PRINT).replace(/\n$/, "");
}

function indented(text: string, columns: number): string {
  return text.replace(/^(?=.)/gm, " ".repeat(columns));
}

function keyText(key: string): string {
  return inline(key);
}

function isEmptyCollection(value: Plain): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

/** What stands behind `key:`, with the space or the line break before it. */
function behindColon(value: Plain, column: number, isLong = false, areSteps = false): string {
  if (isEmptyCollection(value)) return ` ${inline(value)}`;
  if (typeof value === "object" && value !== null) {
    if (!isLong && !Array.isArray(value) && isShort(value)) return ` ${inline(value)}`;
    if (Array.isArray(value) && isShort(value) && value.every((one) => typeof one !== "object")) return ` ${inline(value)}`;
    return `\n${indented(block(value, areSteps), column + 2)}`;
  }
  return ` ${scalarText(value, column)}`;
}

function scalarText(value: Plain, column: number): string {
  const text = new Document({ k: value }).toString(PRINT).replace(/^k: /, "").replace(/\n$/, "");
  const [first = "", ...rest] = text.split("\n");
  return rest.length === 0 ? first : [first, ...rest.map((line) => (line === "" ? "" : " ".repeat(column) + line))].join("\n");
}

// -- places in the text -----------------------------------------------------------------------------------------------------------------

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** Behind the line break that ends the line of `at`. */
function lineEnd(text: string, at: number): number {
  if (at > 0 && text[at - 1] === "\n") return at;
  const found = text.indexOf("\n", at);
  return found < 0 ? text.length : found + 1;
}

function columnOf(text: string, at: number): number {
  return at - lineStart(text, at);
}

function rangeOf(node: Node): [number, number] {
  if (!node.range) throw new EditError("no place is known");
  return [node.range[0], node.range[1]];
}

function endOf(node: Node | null): number {
  if (!node) throw new EditError("no place is known");
  if (isMap(node) && !node.flow) {
    const last = node.items.at(-1) as Pair<Node, Node | null> | undefined;
    if (last) return pairEnd(last);
  }
  if (isSeq(node) && !node.flow) {
    const last = node.items.at(-1) as Node | undefined;
    if (last) return endOf(last);
  }
  return rangeOf(node)[1];
}

function pairEnd(pair: Pair<Node, Node | null>): number {
  const keyEnd = rangeOf(pair.key)[1];
  if (!pair.value) return keyEnd;
  return Math.max(keyEnd, endOf(pair.value));
}

function pairOf(map: YAMLMap, key: string | number): Pair<Node, Node | null> | undefined {
  return (map.items as Pair<Node, Node | null>[]).find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
}

// -- planning ---------------------------------------------------------------------------------------------------------------------------

interface Plan {
  text: string;
  document: Document;
  splices: Splice[];
  /** A whole step is set; it begins on a line of its own. */
  isStep: boolean;
}

/** Inside what is written on one line, everything is. */
interface Where {
  node: Node | null;
  inFlow: boolean;
  /** Writes the node anew as a whole. */
  replace: (value: Plain) => void;
}

function nothing(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function replacePair(plan: Plan, pair: Pair<Node, Node | null>, inFlow: boolean, value: Plain): void {
  const { text } = plan;
  const [keyStart, keyEnd] = rangeOf(pair.key);
  const colon = text.indexOf(":", keyEnd);
  const old = pair.value;
  const end = old && rangeOf(old)[1] > colon ? endOf(old) : colon + 1;
  const column = columnOf(text, keyStart);
  const wasLine = end > 0 && text[end - 1] === "\n" && end > colon + 1;
  if (inFlow) {
    plan.splices.push({ start: colon + 1, end, text: ` ${inline(value)}` });
    return;
  }
  const isScalarNow = typeof value !== "object" || value === null;
  // A comment between the colon and the value stays where a scalar takes the place of a scalar.
  if (old && isScalar(old) && isScalarNow && !nothing(old)) {
    const isPlainLine = typeof value !== "string" || !value.includes("\n");
    const quoted = isPlainLine && typeof value === "string" && (old.type === "QUOTE_DOUBLE" || old.type === "QUOTE_SINGLE");
    const printed = quoted ? quotedLike(value, old.type as string) : scalarText(value, column);
    plan.splices.push({ start: rangeOf(old)[0], end, text: printed + (wasLine ? "\n" : "") });
    return;
  }
  plan.splices.push({ start: colon + 1, end, text: behindColon(value, column, SPREAD.includes(keyOf(pair)), keyOf(pair) === "steps") + (wasLine ? "\n" : "") });
}

function quotedLike(value: string, type: string): string {
  if (type === "QUOTE_SINGLE") return `'${value.replaceAll("'", "''")}'`;
  return JSON.stringify(value);
}

function isBlankSeparated(text: string, ends: [number, number][]): boolean {
  const [first, second] = ends;
  return first !== undefined && second !== undefined && /\n[ \t]*\n/.test(text.slice(first[1] - 1, second[0]));
}

function insertPair(plan: Plan, where: Where, map: YAMLMap, key: string, value: Plain): void {
  const { text } = plan;
  const pairs = map.items as Pair<Node, Node | null>[];
  const whole = () => ({ ...(map.toJS(plan.document) as Record<string, unknown>), [key]: value });
  if (map.flow) {
    const last = pairs.at(-1);
    const printed = `${keyText(key)}: ${inline(value)}`;
    const line = columnOf(text, rangeOf(map)[1]);
    if (!where.inFlow && (!isShort(value) || line + printed.length > INLINE_MAX + 60)) return where.replace(whole());
    if (!last) return where.replace(whole());
    const at = pairEnd(last);
    plan.splices.push({ start: at, end: at, text: `, ${printed}` });
    return;
  }
  const first = pairs[0];
  if (!first) return where.replace(whole());
  const column = columnOf(text, rangeOf(first.key)[0]);
  const rank = ORDER.indexOf(key);
  let after: Pair<Node, Node | null> | undefined = pairs.at(-1);
  if (map === plan.document.contents && rank >= 0) {
    after = pairs.findLast((pair) => isScalar(pair.key) && ORDER.indexOf(String(pair.key.value)) < rank);
  }
  const spans = pairs.map((pair): [number, number] => [rangeOf(pair.key)[0], pairEnd(pair)]);
  const place = Math.max(1, after ? pairs.indexOf(after) : 1);
  const gap = isBlankSeparated(text, spans.slice(place - 1, place + 1)) ? "\n" : "";
  const isLong = plan.isStep || SPREAD.includes(key);
  const line = `${" ".repeat(column)}${keyText(key)}:${behindColon(value, column, isLong, key === "steps")}\n`;
  if (!after) {
    const at = lineStart(text, rangeOf(first.key)[0]);
    plan.splices.push({ start: at, end: at, text: line });
    return;
  }
  const at = lineEnd(text, pairEnd(after));
  const isOpen = at > 0 && text[at - 1] !== "\n";
  plan.splices.push({ start: at, end: at, text: `${isOpen ? "\n" : ""}${gap}${line}` });
}

function appendItem(plan: Plan, where: Where, list: YAMLSeq, value: Plain): void {
  const { text } = plan;
  const last = list.items.at(-1) as Node | undefined;
  const whole = () => [...(list.toJS(plan.document) as unknown[]), value];
  if (!last || isAlias(last)) return where.replace(whole());
  if (list.flow) {
    const printed = inline(value);
    if (!where.inFlow && rangeOf(list)[1] - rangeOf(list)[0] + printed.length > INLINE_MAX + 40 && !text.slice(...rangeOf(list)).includes("\n")) return where.replace(whole());
    plan.splices.push({ start: rangeOf(last)[1], end: rangeOf(last)[1], text: `, ${printed}` });
    return;
  }
  const start = rangeOf(last)[0];
  const column = text.slice(lineStart(text, start), start).lastIndexOf("-");
  const printed = isObject(value) && isShort(value) ? inline(value) : block(value);
  const at = lineEnd(text, endOf(last));
  const isOpen = at > 0 && text[at - 1] !== "\n";
  const body = indented(printed, column + 2).slice(column + 2);
  plan.splices.push({ start: at, end: at, text: `${isOpen ? "\n" : ""}${" ".repeat(column)}- ${body}\n` });
}

function removeLines(plan: Plan, start: number, end: number): void {
  const { text } = plan;
  const from = lineStart(text, start);
  let to = lineEnd(text, end);
  // Of two blank lines around it, one stays.
  if (/\n[ \t]*\n$/.test(text.slice(0, from)) && (/^[ \t]*\n/.test(text.slice(to)) || to === text.length)) to = Math.min(text.length, lineEnd(text, to + 1));
  plan.splices.push({ start: from, end: to, text: "" });
}

function removeInFlow(plan: Plan, spans: [number, number][], at: number): void {
  const { text } = plan;
  const here = spans[at];
  if (!here) return;
  const next = spans[at + 1];
  const before = spans[at - 1];
  if (next) plan.splices.push({ start: here[0], end: next[0], text: "" });
  else if (before) plan.splices.push({ start: before[1], end: here[1], text: "" });
  else plan.splices.push({ start: here[0], end: here[1] + (text[here[1]] === "," ? 1 : 0), text: "" });
}

function removeChild(plan: Plan, where: Where, key: string | number): void {
  const { node } = where;
  if (isMap(node)) {
    const pairs = node.items as Pair<Node, Node | null>[];
    const pair = pairOf(node, key);
    if (!pair) return;
    if (pairs.length === 1) return where.replace({});
    const spans = pairs.map((one): [number, number] => [rangeOf(one.key)[0], pairEnd(one)]);
    const at = pairs.indexOf(pair);
    if (node.flow) removeInFlow(plan, spans, at);
    else removeLines(plan, spans[at]?.[0] ?? 0, spans[at]?.[1] ?? 0);
  } else if (isSeq(node)) {
    const items = node.items as Node[];
    const at = Number(key);
    if (!items[at]) return;
    if (items.length === 1) return where.replace([]);
    const spans = items.map((one): [number, number] => [rangeOf(one)[0], endOf(one)]);
    if (node.flow) removeInFlow(plan, spans, at);
    else removeLines(plan, spans[at]?.[0] ?? 0, spans[at]?.[1] ?? 0);
  }
}

/** Writes a value over another one, and of maps and lists only what differs. */
function write(plan: Plan, where: Where, value: Plain): void {
  const { node, inFlow } = where;
  if (isMap(node) && isObject(value) && Object.keys(value).length > 0 && node.items.length > 0) {
    const old = node.toJS(plan.document) as Record<string, unknown>;
    const kept = Object.keys(old).filter((key) => Object.hasOwn(value, key));
    if (kept.length > 0) {
      for (const key of Object.keys(old)) if (!Object.hasOwn(value, key)) removeChild(plan, where, key);
      for (const [key, inner] of Object.entries(value)) {
        if (!Object.hasOwn(old, key)) insertPair(plan, where, node, key, inner);
        else if (!sameValue(old[key], inner)) write(plan, childOf(plan, where, key), inner);
      }
      return;
    }
  }
  if (isSeq(node) && Array.isArray(value) && value.length >= node.items.length && node.items.length > 0) {
    const old = node.toJS(plan.document) as unknown[];
    value.forEach((inner, at) => {
      if (at >= old.length) appendItem(plan, where, node, inner);
      else if (!sameValue(old[at], inner)) write(plan, childOf(plan, where, at), inner);
    });
    return;
  }
  void inFlow;
  where.replace(value);
}

function childOf(plan: Plan, where: Where, key: string | number): Where {
  const { node } = where;
  if (isMap(node)) {
    const pair = pairOf(node, key);
    if (!pair) throw new EditError(`nothing is at ${String(key)}`);
    const inFlow = where.inFlow || node.flow === true;
    return { node: pair.value, inFlow, replace: (value) => replacePair(plan, pair, inFlow, value) };
  }
  if (isSeq(node)) {
    const item = node.items[Number(key)] as Node | undefined;
    if (!item) throw new EditError(`nothing is at ${String(key)}`);
    const inFlow = where.inFlow || node.flow === true;
    const column = columnOf(plan.text, rangeOf(item)[0]);
    const replace = (value: Plain) => {
      const printed = inFlow || isShort(value) ? inline(value) : indented(block(value), column).slice(column);
      plan.splices.push({ start: rangeOf(item)[0], end: endOf(item), text: printed });
    };
    return { node: item, inFlow, replace };
  }
  throw new EditError(`nothing is at ${String(key)}`);
}

function wrap(path: Path, value: Plain): Plain {
  return path.reduceRight<Plain>((inner, key) => (typeof key === "number" ? [inner] : { [key]: inner }), value);
}

function rootOf(plan: Plan): Where {
  const contents = plan.document.contents as Node | null;
  return {
    node: contents,
    inFlow: false,
    replace: (value) => {
      const start = contents?.range ? contents.range[0] : plan.text.length;
      const end = contents ? endOf(contents) : plan.text.length;
      const gap = start > 0 && plan.text[start - 1] !== "\n" ? "\n" : "";
      plan.splices.push({ start, end, text: `${gap}${block(value)}${plan.text[end] === "\n" ? "" : "\n"}` });
    },
  };
}

function planEdit(plan: Plan, edit: Edit): void {
  let where = rootOf(plan);
  const last = edit.path.length - 1;
  for (const [at, key] of edit.path.entries()) {
    const isLast = at === last;
    const has = isMap(where.node) ? pairOf(where.node, key) !== undefined : isSeq(where.node) && where.node.items[Number(key)] !== undefined;
    if (!has) {
      if (edit.kind === "remove" || edit.kind === "rename") return;
      const value = wrap(edit.path.slice(at + 1), edit.kind === "append" ? [edit.value] : edit.value);
      if (isMap(where.node)) insertPair(plan, where, where.node, String(key), value);
      else if (isSeq(where.node)) appendItem(plan, where, where.node, value);
      else where.replace(wrap([key], value));
      return;
    }
    if (isLast && edit.kind === "remove") return removeChild(plan, where, key);
    if (isLast && edit.kind === "rename") {
      const pair = isMap(where.node) ? pairOf(where.node, key) : undefined;
      if (!pair) throw new EditError("only keys have names");
      const [start, end] = rangeOf(pair.key);
      plan.splices.push({ start, end, text: keyText(edit.key) });
      return;
    }
    where = childOf(plan, where, key);
  }
  if (edit.kind === "append") {
    if (isSeq(where.node) && where.node.items.length > 0) appendItem(plan, where, where.node, edit.value);
    else where.replace([edit.value]);
  } else if (edit.kind === "set") {
    write(plan, where, edit.value);
  }
}

// -- doing and proving ------------------------------------------------------------------------------------------------------------------

/** The same edit on a plain value, which is what the text must say afterwards. */
export function applyPlain(value: Plain, edit: Edit, at = 0): Plain {
  const key = edit.path[at];
  if (key === undefined) {
    if (edit.kind === "append") return [...(Array.isArray(value) ? value : []), edit.value];
    return edit.kind === "set" ? edit.value : value;
  }
  const isLast = at === edit.path.length - 1;
  if (Array.isArray(value)) {
    const index = Number(key);
    if (isLast && edit.kind === "remove") return value.filter((_, one) => one !== index);
    const next = [...value];
    next[index] = applyPlain(value[index], edit, at + 1);
    return next;
  }
  const map = isObject(value) ? value : {};
  const isThere = Object.hasOwn(map, key);
  if (!isThere && (edit.kind === "remove" || edit.kind === "rename")) return value;
  if (!isThere && value === undefined && typeof key === "number") return [applyPlain(undefined, edit, at + 1)];
  if (isLast && edit.kind === "remove") return Object.fromEntries(Object.entries(map).filter(([name]) => name !== String(key)));
  if (isLast && edit.kind === "rename") return Object.fromEntries(Object.entries(map).map(([name, one]) => [name === String(key) ? edit.key : name, one]));
  return { ...map, [key]: applyPlain(map[key], edit, at + 1) };
}

function spliced(text: string, splices: Splice[]): string | null {
  const ordered = splices.map((splice, at) => ({ splice, at })).sort((a, b) => b.splice.start - a.splice.start || b.at - a.at);
  let result = text;
  let bound = Infinity;
  for (const { splice } of ordered) {
    if (splice.end > bound) return null;
    result = result.slice(0, splice.start) + splice.text + result.slice(splice.end);
    bound = splice.start;
  }
  return result;
}

function says(text: string, wanted: Plain): boolean {
  const document = parseDocument(text);
  return document.errors.length === 0 && sameValue(document.toJS() as Plain, wanted);
}

function printedAnew(document: Document, edit: Edit, wanted: Plain): string {
  try {
    if (edit.kind === "set") document.setIn(edit.path, document.createNode(edit.value));
    else if (edit.kind === "remove") document.deleteIn(edit.path);
    else if (edit.kind === "append") document.addIn(edit.path, document.createNode(edit.value));
    const text = document.toString(PRINT);
    if (says(text, wanted)) return text;
  } catch {
    // Said below in words that help.
  }
  throw new EditError("This part is written in a way that only the text can change (an alias, perhaps).");
}

/** One edit. Throws an EditError where the text is no YAML, or where the place can only be changed in the text. */
export function applyEdit(text: string, edit: Edit): string {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw new EditError("The text is not YAML at present; mend it there first.");
  const before = document.toJS() as Plain;
  const wanted = applyPlain(before, edit);
  if (sameValue(before, wanted) && edit.kind !== "rename") return text;
  const plan: Plan = { text, document, splices: [], isStep: edit.kind === "set" && edit.path.at(-2) === "steps" };
  try {
    planEdit(plan, edit);
    const result = spliced(text, plan.splices);
    if (result !== null && says(result, wanted)) return result;
  } catch (problem) {
    if (!(problem instanceof EditError)) throw problem;
  }
  return printedAnew(document, edit, wanted);
}

export function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits.reduce(applyEdit, text);
}
