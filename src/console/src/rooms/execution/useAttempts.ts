// The attempts of an execution: the first page at once, the others behind it, and afterwards only what changed. What went in and out of one is
// read when somebody looks at it.
import { useCallback, useRef } from "react";
import { request, type Schemas } from "../../api/client";
import type { Step } from "./model";
import { useReading, type Poked } from "./useReading";

/** Few, so that something stands there soon; then many at once. */
const FIRST_SIZE = 200;
const SIZE = 1_000;
/** As many are read without being asked for; a hundred thousand are too many for a page in the browser that nobody scrolls. */
export const READ_MAX = 20_000;
/** As many more when somebody wants more. */
const MORE = 20_000;

type Page = Schemas["Attempts"];

export interface Attempts {
  /** In the order in which they began. */
  steps: readonly Step[];
  total: number;
  /** Where the next page begins; null: all are there. */
  next: string | null;
  /** Changes are read from here on. */
  seq: number;
}

/** Attempts that are known and changed stand in their place, new ones at the end. */
export function merged(known: readonly Step[], changed: readonly Step[], withNew: boolean): readonly Step[] {
  if (changed.length === 0) return known;
  const places = new Map(changed.map((step) => [step.id, step]));
  const steps = known.map((step) => {
    const other = places.get(step.id);
    if (other) places.delete(step.id);
    return other ?? step;
  });
  return withNew ? [...steps, ...changed.filter((step) => places.has(step.id))] : steps;
}

export function useAttempts(own: string): { attempts: Poked<Attempts>; more: () => void } {
  const wanted = useRef(READ_MAX);
  const goesOn = useCallback((known: Attempts) => known.next !== null && known.steps.length < wanted.current, []);
  const read = useCallback(
    async (known: Attempts | undefined): Promise<Attempts> => {
      const page = async (query: string) => (await request("get", `${own}/attempts?brief=true&${query}`)) as Page;
      if (known === undefined) {
        wanted.current = READ_MAX;
        const { items, total, seq, nextPageToken } = await page(`pageSize=${FIRST_SIZE}`);
        return { steps: items, total, seq, next: nextPageToken ?? null };
      }
      if (goesOn(known)) {
        const { items, total, nextPageToken } = await page(`pageSize=${SIZE}&pageToken=${encodeURIComponent(known.next ?? "")}`);
        // What changed since the first page is read once all are there: its number stays.
        return { ...known, steps: [...known.steps, ...items], total, next: nextPageToken ?? null };
      }
      const changed: Step[] = [];
      let token: string | null = "";
      let first: Page | null = null;
      while (token !== null) {
        const one: Page = await page(`pageSize=${SIZE}&since=${known.seq}${token === "" ? "" : `&pageToken=${encodeURIComponent(token)}`}`);
        first ??= one;
        changed.push(...one.items);
        token = one.nextPageToken ?? null;
      }
      const { seq = known.seq, total = known.total } = first ?? {};
      if (changed.length === 0 && seq === known.seq && total === known.total) return known;
      return { ...known, steps: merged(known.steps, changed, known.next === null), total, seq };
    },
    [own, goesOn],
  );
  const attempts = useReading(own, read, goesOn);
  const { poke } = attempts;
  const more = useCallback(() => {
    wanted.current += MORE;
    poke();
  }, [poke]);
  return { attempts, more };
}
