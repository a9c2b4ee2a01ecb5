// Everything that rooms are built from.
export { Button, LinkButton } from "./Button";
export { Checkbox, Field, SearchField, Select, TextArea, type Option } from "./Field";
export { Confirm, Dialog, Drawer } from "./Dialog";
export { Table, type Column } from "./Table";
export { TabLinks, Tabs } from "./Tabs";
export { Badge, Status, Tally } from "./Status";
export { toast } from "./Toast";
export { Empty, ErrorState, Loaded, Note, ProblemNote, Skeleton } from "./States";
export { Duration, Figure, Money, RelativeTime, Tokens } from "./Values";
export { CodeBlock, JsonView, PlainText } from "./Json";
export { CopyButton } from "./CopyButton";
export { Icon, type IconName } from "./Icon";
