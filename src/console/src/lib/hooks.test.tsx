// What must hold of the small hooks.
import { renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { useNow } from "./hooks";

test("the clock that nobody listened to is right when somebody reads it again", () => {
  vi.useFakeTimers();
  try {
    const first = renderHook(() => useNow());
    first.unmount();
    vi.setSystemTime(Date.now() + 60_000);
    const shown: number[] = [];
    renderHook(() => shown.push(useNow()));
    expect(shown[0]).toBe(Date.now());
  } finally {
    vi.useRealTimers();
  }
});
