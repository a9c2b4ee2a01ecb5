// The keys that work here, on `?`.
import { shortcutsNow } from "../lib/hooks";
import { Dialog } from "./Dialog";

export function KeyboardHelp(props: { onClose: () => void }) {
  const seen = new Set<string>();
  const shortcuts = shortcutsNow().filter((one) => !seen.has(one.keys) && seen.add(one.keys));
  return (
    <Dialog title="Keyboard" onClose={props.onClose}>
      <dl className="keys">
        {shortcuts.map((one) => (
          <div key={one.keys} className="keys-row">
            <dt>{one.label}</dt>
            <dd>
              {one.keys.split(" ").map((key) => (
                <kbd key={key}>{key.replace("mod+", "Ctrl ")}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
