// What must hold of the small hooks.
import { act, renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { useNow } from "./hooks";

test("the clock that nobody listened to is right when somebody reads it again", () => {
  vi.useFakeTimers();
  try {
    const first = renderHook(() => useNow());
    first.unmount();
    vi.setSystemTime(Date.now() + 60_000);
    const shown: number[] = [];
    const again = renderHook(() => shown.push(useNow()));
    expect(shown[0]).toBe(Date.now());
    again.unmount();
  } finally {
    vi.useRealTimers();
  }
});

test("the clock goes on where a page is drawn more often than it ticks", () => {
  vi.useFakeTimers();
  try {
    const drawn = renderHook(() => useNow());
    const before = drawn.result.current;
    for (let at = 0; at < 30; at += 1) {
      act(() => void vi.advanceTimersByTime(100));
      drawn.rerender();
    }
    expect(drawn.result.current - before).toBeGreaterThanOrEqual(2_000);
    drawn.unmount();
  } finally {
    vi.useRealTimers();
  }
});
