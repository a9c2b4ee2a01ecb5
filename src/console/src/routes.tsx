// Every place of the console. A room is loaded when it is first opened. To add one: a line here, a folder under rooms/.
import { place, type Place } from "./lib/router";
import { designAhead } from "./rooms/designer/ahead";

const inbox = place("/inbox", () => import("./rooms/inbox/InboxRoom"));

const execution = place("/agents/:agent/executions/:execution", () => import("./rooms/execution/ExecutionRoom"));

export const PLACES: readonly Place[] = [
  place("/agents", () => import("./rooms/agents/AgentsRoom")),
  place("/agents/:agent", () => import("./rooms/agents/AgentRoom")),
  place("/agents/:agent/revisions", () => import("./rooms/agents/RevisionsRoom")),
  place("/agents/:agent/compare", () => import("./rooms/release/CompareRoom")),
  place("/agents/:agent/deployments", () => import("./rooms/release/ReleaseRoom")),
  place("/agents/:agent/triggers", () => import("./rooms/triggers/TriggersRoom")),
  place("/agents/:agent/design", () => import("./rooms/designer/DesignerRoom"), (params, tenant) => void designAhead(params, tenant)),
  place("/agents/:agent/design/:revision", () => import("./rooms/designer/DesignerRoom"), (params, tenant) => void designAhead(params, tenant)),
  place("/agents/:agent/budgets", () => import("./rooms/operate/BudgetsRoom")),
  place("/agents/:agent/executions", () => import("./rooms/execution/ExecutionsRoom")),
  execution,
  { ...execution, pattern: "/agents/:agent/executions/:execution/:attempt" },
  place("/executions", () => import("./rooms/execution/ExecutionsRoom")),
  inbox,
  { ...inbox, pattern: "/inbox/:approval" },
  place("/operate", () => import("./rooms/operate/OperateRoom")),
  place("/operate/:part", () => import("./rooms/operate/OperateRoom")),
];
