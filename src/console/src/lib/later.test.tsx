// What must hold of code that comes later.
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { RoomBoundary } from "../ui/States";
import { later } from "./later";

function Room(props: { name: string }) {
  return <p>the room {props.name}</p>;
}

test("what waits is shown until the code is there, and nothing waits when it was fetched before", async () => {
  let loads = 0;
  const Found = later(async () => ((loads += 1), { default: Room }));
  const { unmount } = render(<Found waiting={<p>waiting</p>} name="one" />);
  expect(screen.getByText("waiting")).toBeDefined();
  await screen.findByText("the room one");
  unmount();
  render(<Found waiting={<p>waiting</p>} name="two" />);
  expect(screen.queryByText("waiting")).toBeNull();
  expect(screen.getByText("the room two")).toBeDefined();
  expect(loads).toBe(1);
});

test("code that cannot be fetched is told of, and asked for again the next time", async () => {
  let isDown = true;
  const Found = later(async () => {
    if (isDown) throw new Error("Failed to fetch dynamically imported module");
    return { default: Room };
  });
  const { unmount } = render(<RoomBoundary><Found waiting={null} name="one" /></RoomBoundary>);
  await screen.findByText("This page is older than the server");
  unmount();
  isDown = false;
  render(<RoomBoundary><Found waiting={null} name="one" /></RoomBoundary>);
  await screen.findByText("the room one");
});
