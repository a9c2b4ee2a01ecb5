// Components whose code is fetched when they are first shown. React's `lazy` would do, but holds back for 300 ms what follows a fallback that was
// painted; here a room is drawn, and asks for its data, as soon as its code is there.
import { useEffect, useState, type ComponentType, type ReactNode } from "react";

export interface Later<P> {
  (props: P & { waiting: ReactNode }): ReactNode;
  /** Fetches the code before it is shown. What goes wrong is told when it is. */
  fetch: () => void;
}

export function later<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): Later<P> {
  let found: ComponentType<P> | null = null;
  let loading: Promise<void> | null = null;
  const fetched = () =>
    (loading ??= load().then(
      (module) => void (found = module.default),
      (error: unknown) => {
        // The next one to ask may have more luck.
        loading = null;
        throw error;
      },
    ));
  function Shown({ waiting, ...rest }: P & { waiting: ReactNode }) {
    const [, setThere] = useState(found !== null);
    const [error, setError] = useState<unknown>(null);
    useEffect(() => {
      let isGone = false;
      if (!found) fetched().then(() => !isGone && setThere(true), (thrown: unknown) => !isGone && setError(thrown));
      return () => void (isGone = true);
    }, []);
    // For the boundary around the room.
    if (error !== null) throw error instanceof Error ? error : new Error(String(error));
    const Found = found;
    return Found ? <Found {...(rest as unknown as P)} /> : waiting;
  }
  return Object.assign(Shown, { fetch: () => void fetched().catch(() => undefined) });
}
