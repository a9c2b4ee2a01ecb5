// The kinds of steps: beside the canvas to be dragged onto it or clicked, and in a dialog where a handle was dropped or the room is small.
import { Button, Dialog, Icon } from "../../ui";
import { KIND_LOOK } from "./Canvas";
import { KINDS, type Kind } from "./model/flow";

/** What a dragged kind is called among the data of the drag. */
export const DRAGGED = "application/x-flowgate-step";

export function PaletteRail(props: { onAdd: (kind: Kind) => void }) {
  return (
    <ul className="designer-rail" aria-label="Steps to add">
      {KINDS.map((kind) => (
        <li key={kind}>
          <button
            type="button"
            draggable
            className="designer-kind"
            title={`${KIND_LOOK[kind].label}: ${KIND_LOOK[kind].says}. Drag it onto the canvas, or click.`}
            aria-label={`Add ${KIND_LOOK[kind].label}`}
            data-kind={kind}
            onDragStart={(event) => {
              event.dataTransfer.setData(DRAGGED, kind);
              event.dataTransfer.effectAllowed = "copy";
            }}
            onClick={() => props.onAdd(kind)}
          >
            <Icon name={KIND_LOOK[kind].icon} />
            <span className="designer-kind-name">{KIND_LOOK[kind].label}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

export function Palette(props: { from: string | null; onAdd: (kind: Kind) => void; onClose: () => void }) {
  return (
    <Dialog title={props.from ? `What comes after ${props.from}?` : "Add a step"} onClose={props.onClose}>
      <ul className="designer-palette">
        {KINDS.map((kind) => (
          <li key={kind}>
            <Button icon={KIND_LOOK[kind].icon} onClick={() => props.onAdd(kind)} aria-label={KIND_LOOK[kind].label}>
              <span>
                <strong>{KIND_LOOK[kind].label}</strong>
                <span className="small quiet">{KIND_LOOK[kind].says}</span>
              </span>
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
