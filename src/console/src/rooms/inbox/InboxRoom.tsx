// Not built yet: the place of this room.
import type { RoomProps } from "../../lib/router";
import { RoomHead } from "../../shell/RoomHead";
import { Empty } from "../../ui";

export default function InboxRoom(_: RoomProps) {
  return (
    <div className="room">
      <RoomHead title="Inbox" />
      <Empty title="Not built yet" />
    </div>
  );
}
