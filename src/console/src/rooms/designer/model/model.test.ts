// What must hold of the document: edits say what was meant, and touch nothing else.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { applyEdit, applyPlain, plainOf, sameValue, type Edit } from "./edits";
import { addStep, connect, copySteps, freeName, freshStep, KINDS, pasteSteps, placeSteps, portsOf, readFlow, removeSteps, renameStep, setEdge, viewOf, type Values } from "./flow";
import { completions, dominators, namesInScope, wordBefore } from "./graph";
import { NODE_HEIGHT, NODE_WIDTH, placed } from "./layout";
import { labelWidth, pathOf, routesOf } from "./routes";

const FOLDER = join(process.cwd(), "../../flows");
const FLOWS = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml") && !name.includes("rehearsal")).map((name) => [name, readFileSync(join(FOLDER, name), "utf8")] as const);
const REFUND = FLOWS.find(([name]) => name === "refund-review.yaml")?.[1] ?? "";

function lines(before: string, after: string): { gone: string[]; come: string[] } {
  const old = before.split("\n");
  const now = after.split("\n");
  let top = 0;
  while (top < old.length && old[top] === now[top]) top += 1;
  let end = 0;
  while (end < old.length - top && end < now.length - top && old[old.length - 1 - end] === now[now.length - 1 - end]) end += 1;
  return { gone: old.slice(top, old.length - end), come: now.slice(top, now.length - end) };
}

function comments(text: string): string[] {
  return text.split("\n").filter((line) => /^\s*#/.test(line));
}

describe("edits", () => {
  test("a scalar is replaced where it stands, with its quotes and its comment", () => {
    const text = 'flow: a # the name\ntitle: "Old"   # why\nsteps: {}\n';
    expect(applyEdit(text, { kind: "set", path: ["title"], value: "New: one" })).toBe('flow: a # the name\ntitle: "New: one"   # why\nsteps: {}\n');
  });

  test("a key is put where keys of its kind stand, and the rest is the same byte for byte", () => {
    const after = applyEdit(REFUND, { kind: "set", path: ["ui", "positions", "order"], value: { x: 1, y: 2 } });
    expect(after.startsWith(REFUND)).toBe(true);
    expect(after.slice(REFUND.length)).toBe("\nui:\n  positions:\n    order: {x: 1, y: 2}\n");
    const timed = applyEdit(REFUND, { kind: "set", path: ["steps", "order", "timeout"], value: "9s" });
    expect(lines(REFUND, timed)).toEqual({ gone: [], come: ["    timeout: 9s"] });
  });

  test("texts of many lines are written as blocks, and read back the same", () => {
    const prompt = "First: {{ input.message }}\n\n  # not a comment\nlast";
    const after = applyEdit(REFUND, { kind: "set", path: ["steps", "classify", "llm", "prompt"], value: prompt });
    expect(after).toContain("prompt: |-\n        First:");
    expect((plainOf(after) as { steps: { classify: { llm: { prompt: string } } } }).steps.classify.llm.prompt).toBe(prompt);
    const back = applyEdit(after, { kind: "set", path: ["steps", "classify", "llm", "prompt"], value: "short" });
    expect(lines(after, back).come).toEqual(["      prompt: short"]);
  });

  test("what is removed takes its lines along and no comment of others", () => {
    const after = applyEdit(REFUND, { kind: "remove", path: ["steps", "outcome"] });
    expect(comments(after)).toEqual(comments(REFUND));
    expect(after).not.toContain("\n\n\n");
    const one = applyEdit("a: {x: 1, y: 2, z: 3}\n", { kind: "remove", path: ["a", "y"] });
    expect(one).toBe("a: {x: 1, z: 3}\n");
    expect(applyEdit("a:\n  - 1 # one\n  - 2\nb: 1\n", { kind: "remove", path: ["a", 1] })).toBe("a:\n  - 1 # one\nb: 1\n");
    expect(applyEdit("a:\n  b: 1\n", { kind: "remove", path: ["a", "b"] })).toBe("a: {}\n");
  });

  test("odd spellings come out right, too", () => {
    const texts = ["", "steps:\n", "steps: {}", "# only a comment\n", "{flow: a, steps: {a: {set: {b: '1'}}}}", '{"flow": "a", "steps": {"a": {"set": {"b": "1"}}}}', "steps:\n  a:\n    set:\n      b: '1'", "steps: # here\n  a: # there\n    set: {b: '1'}\n\n\n# the end\n"];
    for (const text of texts) {
      const edits: Edit[] = [
        { kind: "set", path: ["steps", "b"], value: { llm: { prompt: "x\ny" } } },
        { kind: "append", path: ["edges"], value: { from: "a", to: "b" } },
        { kind: "set", path: ["steps", "a", "set", "b"], value: 'quote " and # and : ' },
        { kind: "remove", path: ["steps", "a", "set", "b"] },
        { kind: "set", path: ["flow"], value: "named" },
      ];
      for (const edit of edits) {
        const after = applyEdit(text, edit);
        expect(sameValue(plainOf(after), applyPlain(plainOf(text), edit)), `${JSON.stringify(text)} ${JSON.stringify(edit)}\n${after}`).toBe(true);
        expect(comments(after)).toEqual(comments(text));
      }
    }
  });

  test.each(FLOWS)("every value of %s can be set and removed; every comment stays", (_, text) => {
    const all: (string | number)[][] = [];
    const walk = (value: unknown, path: (string | number)[]) => {
      if (path.length > 0) all.push(path);
      if (Array.isArray(value)) value.forEach((one, at) => walk(one, [...path, at]));
      else if (typeof value === "object" && value !== null) for (const [key, one] of Object.entries(value)) walk(one, [...path, key]);
    };
    const plain = plainOf(text);
    walk(plain, []);
    for (const path of all.filter((_path, at) => at % 7 === 0)) {
      const set: Edit = { kind: "set", path, value: "new\nlines" };
      const remove: Edit = { kind: "remove", path };
      for (const edit of [set, remove]) {
        const after = applyEdit(text, edit);
        expect(sameValue(plainOf(after), applyPlain(plain, edit))).toBe(true);
        if (path.length > 1) expect(after.split("\n").slice(0, 6)).toEqual(text.split("\n").slice(0, 6));
        // Setting a leaf moves few lines: nothing was printed anew.
        if (edit.kind === "set" && path.length > 3) expect(lines(text, after).come.length).toBeLessThan(40);
      }
    }
  }, 60_000);
});

describe("a flow", () => {
  test("is built from nothing", () => {
    let text = "flow: letters\nsteps: {}\n";
    text = addStep(text, [], "draft", { llm: { prompt: "Greet" } }, { x: 0.4, y: 10 });
    text = addStep(text, [], "review", freshStep("approval"), { x: 0, y: 120 });
    text = addStep(text, [], "send", freshStep("http"), null);
    text = connect(text, [], "draft", "review", null);
    text = connect(text, [], "review", "send", "approved");
    text = connect(text, [], "review", "send", "approved");
    const steps = "  draft:\n    llm: {prompt: Greet}\n  review:\n    approval: {title: Go on?}\n  send:\n    http: {get: https://}\n";
    const edges = "  - {from: draft, to: review}\n  - {from: review, to: send, on: approved}\n";
    expect(text).toBe(`flow: letters\nsteps:\n${steps}edges:\n${edges}ui:\n  positions:\n    draft: {x: 0, y: 10}\n    review: {x: 0, y: 120}\n`);
    expect(plainOf(text)).toMatchObject({ ui: { positions: { draft: { x: 0, y: 10 }, review: { x: 0, y: 120 } } } });
  });

  test("another name for a step goes wherever the step is spoken of", () => {
    const after = renameStep(placeSteps(REFUND, [], new Map([["order", { x: 1, y: 1 }]])), [], "order", "bestellung");
    expect(after).not.toMatch(/steps\.order\b|to: order\b|from: order\b/);
    expect(after).toContain("{{ steps.bestellung.output.total }}");
    expect(comments(after)).toEqual(comments(REFUND));
    expect(viewOf(readFlow(after).root as Values, []).positions.has("bestellung")).toBe(true);
    expect(renameStep(after, [], "refund", "pay")).toContain("action: pay");
  });

  test("a step goes with its edges and its place", () => {
    const text = placeSteps(REFUND, [], new Map([["order", { x: 1, y: 1 }]]));
    const after = removeSteps(text, [], ["order"]);
    const view = viewOf(readFlow(after).root as Values, []);
    expect(view.steps.some((step) => step.id === "order")).toBe(false);
    expect(view.edges.some((edge) => edge.from === "order" || edge.to === "order")).toBe(false);
    expect(after).not.toContain("ui:");
  });

  test("copies get free names and speak of each other", () => {
    const view = viewOf(readFlow(REFUND).root as Values, []);
    const clip = copySteps(view, new Set(["order", "review"]), new Map());
    const { text, ids } = pasteSteps(REFUND, [], clip, { x: 20, y: 20 });
    expect(ids).toEqual(["order_2", "review_2"]);
    expect(text).toContain("{{ steps.order_2.output.total }}");
    expect(text).toContain("{from: order_2, to: review_2}");
    expect(freeName("Über 3", new Set())).toBe("ber_3");
  });

  test("an edge's condition comes and goes", () => {
    const withWhen = setEdge(REFUND, [], 2, { when: "true", otherwise: undefined });
    expect(withWhen).toContain('{from: order, to: review, when: "true"}');
    expect(setEdge(withWhen, [], 2, { when: "" })).toBe(REFUND);
  });

  test("broken text says where; ports are those of the kind", () => {
    expect(readFlow("a: [").error).toMatchObject({ line: 1 });
    expect(readFlow("- a").error).not.toBeNull();
    for (const kind of KINDS) expect(portsOf({ id: "a", kind, title: "", value: freshStep(kind) }).length).toBe(kind === "end" ? 0 : kind === "fail" ? 1 : kind === "approval" ? 3 : 2);
  });

  test("200 steps are changed and laid out quickly enough", () => {
    let text = "flow: long\nsteps:\n";
    for (let at = 0; at < 200; at += 1) text += `  s${at}:\n    llm:\n      prompt: Do ${at}\n    retry: {attempts: 2}\n`;
    text += "edges:\n";
    for (let at = 1; at < 200; at += 1) text += `  - {from: s${at - 1}, to: s${at}}\n`;
    const view = viewOf(readFlow(text).root as Values, []);
    const points = placed(view);
    expect(new Set([...points.values()].map((point) => point.y)).size).toBe(200);
    const after = placeSteps(text, [], points);
    expect(viewOf(readFlow(after).root as Values, []).positions.size).toBe(200);
    expect(dominators(view.steps.map((one) => one.id), view.edges, view.start).get("s199")?.size).toBe(200);
  }, 60_000);
});

describe("where things are drawn", () => {
  const drawn = (text: string) => {
    const view = viewOf(readFlow(text).root as Values, []);
    const points = placed(view);
    const words = new Map(view.edges.map((edge) => [edge.at, edge.when ?? ""]));
    return { view, points, words, routes: routesOf(view, points, words) };
  };
  const crossed = ({ view, points, routes }: ReturnType<typeof drawn>) =>
    view.edges.flatMap((edge) => {
      const corners = routes.get(edge.at)?.corners ?? [];
      return corners.slice(1).flatMap((corner, at) => {
        const before = corners[at] ?? corner;
        return [...points].filter(([id, box]) => {
          const isOwn = (id === edge.from && at === 0) || (id === edge.to && at === corners.length - 2);
          return !isOwn && Math.max(before.x, corner.x) > box.x && Math.min(before.x, corner.x) < box.x + NODE_WIDTH && Math.max(before.y, corner.y) > box.y && Math.min(before.y, corner.y) < box.y + NODE_HEIGHT;
        });
      });
    });
  const LONG = `steps: {a: {set: {}}, b: {set: {}}, c: {set: {}}, d: {set: {}}, e: {set: {}, visits: 3}}
edges:
  - {from: a, to: b}
  - {from: b, to: c}
  - {from: c, to: d}
  - {from: d, to: e}
  - {from: a, to: d, when: steps.a.output.some > 3}
  - {from: a, to: e, when: steps.a.output.other > 3}
  - {from: d, to: b, when: steps.d.output.again}
`;

  test("an edge goes around the steps in its way, and what it says is hidden by nothing", () => {
    const all = drawn(LONG);
    expect(crossed(all)).toEqual([]);
    for (const edge of all.view.edges) {
      const text = all.words.get(edge.at) ?? "";
      const label = all.routes.get(edge.at)?.label;
      if (!text || !label) continue;
      const half = labelWidth(text) / 2;
      for (const box of all.points.values()) expect(label.x + half > box.x && label.x - half < box.x + NODE_WIDTH && label.y + 10 > box.y && label.y - 10 < box.y + NODE_HEIGHT).toBe(false);
    }
    expect(pathOf(all.routes.get(0)?.corners ?? [])).toMatch(/^M .* L /);
  });

  test("the flow of refunds is drawn without crossing a step", () => {
    expect(crossed(drawn(REFUND))).toEqual([]);
  });

  test("pieces stand below each other as the whole would: no two steps overlap, and every way leads down", () => {
    const all = drawn(LONG);
    const boxes = [...all.points.values()];
    for (const [at, one] of boxes.entries()) for (const other of boxes.slice(at + 1)) expect(Math.abs(one.x - other.x) < NODE_WIDTH && Math.abs(one.y - other.y) < NODE_HEIGHT).toBe(false);
    for (const edge of all.view.edges.slice(0, 6)) expect(all.points.get(edge.to)?.y).toBeGreaterThan(all.points.get(edge.from)?.y ?? 0);
    const apart = drawn("steps: {a: {set: {}}, b: {set: {}}, c: {set: {}}}\nedges: []\n");
    expect(new Set([...apart.points.values()].map((point) => point.x)).size).toBe(3);
  });
});

describe("what is known where", () => {
  test("steps on every way dominate; others may not have run; loops end", () => {
    const edges = [["a", "b"], ["a", "c"], ["b", "d"], ["c", "d"], ["d", "b"]].map(([from = "", to = ""]) => ({ from, to }));
    const result = dominators(["a", "b", "c", "d", "lost"], edges, "a");
    expect([...(result.get("d") ?? [])].sort()).toEqual(["a", "d"]);
    expect([...(result.get("b") ?? [])].sort()).toEqual(["a", "b"]);
    expect(result.has("lost")).toBe(false);
  });

  test("names come from schemas, rehearsals and the configuration", () => {
    const root = readFlow(REFUND).root as Values;
    const names = namesInScope(root, [], "reply");
    const find = (name: string) => names.find((one) => one.name === name);
    expect(find("steps.classify.output.why")).toMatchObject({ type: "string", isSure: true });
    expect(find("steps.order.output.total")).toMatchObject({ type: "number", isSure: false });
    expect(find("input.message")?.isSure).toBe(true);
    expect(find("config.shop_url")).toBeDefined();
    expect(find("steps.reply.output")).toBeUndefined();
    expect(completions(names, "steps.cla").map((one) => one.name)).toContain("steps.classify.output");
    expect(wordBefore("{{ steps.a.o", 12)).toBe("steps.a.o");
  });

  test("inside a map its item is known, and what came before the map", () => {
    const root = plainOf("steps:\n  a: {set: {list: '[1]'}}\n  m: {map: {over: steps.a.output.list, as: one, body: {steps: {x: {set: {y: item}}, z: {end: {}}}, edges: [{from: x, to: z}]}}}\nedges: [{from: a, to: m}]\n") as Values;
    const names = namesInScope(root, ["m"], "z").map((one) => one.name);
    expect(names).toEqual(expect.arrayContaining(["item", "one", "index", "steps.a.output.list", "steps.x.output.y"]));
  });
});
