// Two texts line by line: what stays, what goes, what comes. The shortest way from one to the other, as far as it is worth looking for.

export interface DiffLine {
  kind: "kept" | "removed" | "added";
  text: string;
}
const STEPS_MAX = 2_000;

export function lineDiff(before: string, after: string): DiffLine[] {
  const old = before.split("\n");
  const now = after.split("\n");
  let top = 0;
  while (top < old.length && top < now.length && old[top] === now[top]) top += 1;
  let end = 0;
  while (end < old.length - top && end < now.length - top && old[old.length - 1 - end] === now[now.length - 1 - end]) end += 1;
  const kept = (text: string): DiffLine => ({ kind: "kept", text });
  return [...old.slice(0, top).map(kept), ...middle(old.slice(top, old.length - end), now.slice(top, now.length - end)), ...old.slice(old.length - end).map(kept)];
}

function middle(old: string[], now: string[]): DiffLine[] {
  const trail: Map<number, number>[] = [];
  const reach = new Map<number, number>([[1, 0]]);
  for (let cost = 0; cost <= Math.min(STEPS_MAX, old.length + now.length); cost += 1) {
    trail.push(new Map(reach));
    for (let line = -cost; line <= cost; line += 2) {
      const isDown = line === -cost || (line !== cost && (reach.get(line - 1) ?? -1) < (reach.get(line + 1) ?? -1));
      let x = isDown ? (reach.get(line + 1) ?? 0) : (reach.get(line - 1) ?? 0) + 1;
      while (x < old.length && x - line < now.length && old[x] === now[x - line]) x += 1;
      reach.set(line, x);
      if (x >= old.length && x - line >= now.length) return walkBack(old, now, trail);
    }
  }
  return [...old.map((text): DiffLine => ({ kind: "removed", text })), ...now.map((text): DiffLine => ({ kind: "added", text }))];
}

function walkBack(old: string[], now: string[], trail: Map<number, number>[]): DiffLine[] {
  const lines: DiffLine[] = [];
  let x = old.length;
  let y = now.length;
  for (let cost = trail.length - 1; cost >= 0; cost -= 1) {
    const reach = trail[cost] ?? new Map<number, number>();
    const line = x - y;
    const isDown = line === -cost || (line !== cost && (reach.get(line - 1) ?? -1) < (reach.get(line + 1) ?? -1));
    const from = isDown ? line + 1 : line - 1;
    const fromX = cost === 0 ? 0 : (reach.get(from) ?? 0);
    const fromY = cost === 0 ? 0 : fromX - from;
    while (x > fromX && y > fromY && x > 0 && y > 0 && old[x - 1] === now[y - 1]) {
      lines.push({ kind: "kept", text: old[x - 1] ?? "" });
      x -= 1;
      y -= 1;
    }
    if (cost === 0) break;
    if (isDown) lines.push({ kind: "added", text: now[(y -= 1)] ?? "" });
    else lines.push({ kind: "removed", text: old[(x -= 1)] ?? "" });
  }
  return lines.reverse();
}

/** Only what differs, with some lines around it; null where lines are left out. */
export function hunks(lines: readonly DiffLine[], around = 3): (DiffLine | null)[] {
  const isNear = lines.map(() => false);
  lines.forEach((line, at) => {
    if (line.kind !== "kept") for (let near = Math.max(0, at - around); near <= Math.min(lines.length - 1, at + around); near += 1) isNear[near] = true;
  });
  const shown: (DiffLine | null)[] = [];
  lines.forEach((line, at) => {
    if (isNear[at]) shown.push(line);
    else if (shown.at(-1) !== null) shown.push(null);
  });
  return shown;
}
