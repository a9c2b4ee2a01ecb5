// What must hold of ui.
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Button, Empty, JsonView, PlainText, Status, Table, Tabs } from ".";

test("a busy button does nothing", async () => {
  const click = vi.fn();
  render(
    <Button busy onClick={click}>
      Save
    </Button>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(click).not.toHaveBeenCalled();
});

test("text from outside stays text, and what hides is shown", () => {
  const { container } = render(<PlainText text={"<img src=x onerror=alert(1)>\u202e"} />);
  expect(container.querySelector("img")).toBeNull();
  expect(container.textContent).toContain("<img src=x");
  expect(screen.getByText("RLO")).toBeTruthy();
});

test("a value opens to its leaves", () => {
  render(<JsonView value={{ amount: 12, to: { name: "Ana" } }} />);
  expect(screen.getByText("12")).toBeTruthy();
  expect(screen.getByText("Ana")).toBeTruthy();
});

test("a status has its name, and an unknown one its own", () => {
  render(
    <>
      <Status kind="execution" status="WAITING_FOR_HUMAN" />
      <Status kind="execution" status="NEW_THING" />
    </>,
  );
  expect(screen.getByText("Waits for a person")).toBeTruthy();
  expect(screen.getByText("NEW_THING")).toBeTruthy();
});

test("j and o open a row", async () => {
  const open = vi.fn();
  render(<Table label="Things" rows={["a", "b"]} columns={[{ key: "name", title: "Name", cell: (row) => row }]} keyOf={(row) => row} onOpen={open} />);
  await userEvent.keyboard("jjo");
  expect(open).toHaveBeenCalledWith("b");
});

test("arrow keys move between tabs", async () => {
  const change = vi.fn();
  render(
    <Tabs label="Parts" current="a" onChange={change} tabs={[{ key: "a", label: "A" }, { key: "b", label: "B" }]}>
      <Empty title="Nothing" />
    </Tabs>,
  );
  screen.getByRole("tab", { name: "A" }).focus();
  await userEvent.keyboard("{ArrowRight}");
  expect(change).toHaveBeenCalledWith("b");
});
