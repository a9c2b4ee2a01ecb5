// Not built yet: the place of this room.
import type { RoomProps } from "../../lib/router";
import { RoomHead } from "../../shell/RoomHead";
import { Empty } from "../../ui";

export default function ExecutionRoom(_: RoomProps) {
  return (
    <div className="room">
      <RoomHead title="Execution" />
      <Empty title="Not built yet" />
    </div>
  );
}
