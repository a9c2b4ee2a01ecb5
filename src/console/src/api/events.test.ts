// What must hold of events.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { follow } from "./events";
import { FakeSource } from "./fakeSource";

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.made = [];
  vi.stubGlobal("EventSource", FakeSource);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("after a cut it goes on behind the last id, and ends when it is over", () => {
  const heard: unknown[] = [];
  const states: string[] = [];
  follow("events?journal=true", { events: ["text", "done"], last: ["done"], on: (event) => heard.push([event.id, event.data]), onState: (state) => states.push(state) });
  FakeSource.made[0]?.onopen?.();
  FakeSource.made[0]?.say("text", "a", "1.1");
  FakeSource.made[0]?.onerror?.();
  vi.advanceTimersByTime(500);
  expect(FakeSource.made[1]?.url).toBe("events?journal=true&after=1.1");
  FakeSource.made[1]?.say("done", 1);
  vi.advanceTimersByTime(60_000);
  expect(heard).toEqual([["1.1", "a"], [null, 1]]);
  expect(FakeSource.made).toHaveLength(2);
  expect(states.at(-1)).toBe("ended");
});

test("after the machine slept it connects again", () => {
  const stop = follow("events", { events: [], on: () => undefined });
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(5_000);
  expect(FakeSource.made).toHaveLength(2);
  expect(FakeSource.made[0]?.isClosed).toBe(true);
  stop();
});

test("the server that stops is come back to", () => {
  const stop = follow("events", { events: [], on: () => undefined });
  FakeSource.made[0]?.say("closing", {});
  vi.advanceTimersByTime(500);
  expect(FakeSource.made).toHaveLength(2);
  stop();
});
