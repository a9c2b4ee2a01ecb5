// An edge as model/routes.ts leads it, with what it says where that can be read. While a step is dragged its edges follow it directly.
import { BaseEdge, EdgeLabelRenderer, getSmoothStepPath, type Edge, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { PlainText } from "../../ui";
import { labelWidth, pathOf, type Route } from "./model/routes";

export interface EdgeData extends Record<string, unknown> {
  words: string;
  /** The whole condition, where `words` is cut. */
  whole: string;
  route: Route | null;
  onPick: (id: string) => void;
}
export type RoutedEdgeType = Edge<EdgeData, "routed">;

/** A handle is a circle around the end of the route. */
const HANDLE = 10;

export const RoutedEdge = memo(function RoutedEdge(props: EdgeProps<RoutedEdgeType>) {
  const { data, sourceX, sourceY, targetX, targetY } = props;
  const corners = data?.route?.corners ?? [];
  const [first, last] = [corners[0], corners.at(-1)];
  const isThere = first && last && Math.abs(first.x - sourceX) < 2 && Math.abs(first.y - sourceY) < HANDLE && Math.abs(last.x - targetX) < 2 && Math.abs(last.y - targetY) < HANDLE;
  let [path, x, y] = ["", data?.route?.label.x ?? 0, data?.route?.label.y ?? 0];
  if (isThere) path = pathOf([...corners.slice(0, -1), { x: last.x, y: targetY }]);
  else [path, x, y] = getSmoothStepPath(props);
  return (
    <>
      <BaseEdge id={props.id} path={path} markerEnd={props.markerEnd} interactionWidth={16} />
      {data?.words && (
        <EdgeLabelRenderer>
          <div className={`designer-edge-label nodrag nopan ${props.selected ? "is-chosen" : ""}`} title={data.whole} style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)`, maxWidth: labelWidth(data.words) }} onClick={() => data.onPick(props.id)}>
            <PlainText text={data.words} />
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
