// An EventSource for tests: it is told by hand what it hears.
export class FakeSource {
  static made: FakeSource[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  isClosed = false;
  private listeners = new Map<string, (message: unknown) => void>();
  constructor(readonly url: string) {
    FakeSource.made.push(this);
  }
  addEventListener(name: string, listener: (message: unknown) => void) {
    this.listeners.set(name, listener);
  }
  close() {
    this.isClosed = true;
  }
  say(name: string, data: unknown, lastEventId = "") {
    if (!this.isClosed) this.listeners.get(name)?.({ data: JSON.stringify(data), lastEventId });
  }
}
