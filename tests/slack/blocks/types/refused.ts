// Blocks that must not pass: tsc complains of each line below that is not an error, so that a check which
// sees nothing cannot pass as one that finds nothing. One block a line: that is how far the directive reaches.
import type { KnownBlock, ModalView, TaskCardBlock } from "@slack/types";

type Of<Kind extends string> = Extract<KnownBlock, { type: Kind }>;

// @ts-expect-error a key that does not exist
export const typo: Of<"section"> = { type: "section", text: { type: "mrkdwn", txt: "Hello" } };
// @ts-expect-error a key that does not exist, in an element
export const elementTypo: Of<"actions"> = { type: "actions", elements: [{ type: "button", text: { type: "plain_text", text: "Go" }, action: "go" }] };
// @ts-expect-error a value that is none of those allowed
export const style: Of<"actions"> = { type: "actions", elements: [{ type: "button", text: { type: "plain_text", text: "Go" }, style: "warning" }] };
// @ts-expect-error a task is complete, not completed
export const status: TaskCardBlock = { type: "task_card", task_id: "1", title: "Read", status: "completed" };
// @ts-expect-error a level that no alert has
export const level: Of<"alert"> = { type: "alert", level: "danger", text: { type: "plain_text", text: "Mind" } };
// @ts-expect-error an element of another block
export const element: Of<"context"> = { type: "context", elements: [{ type: "button", text: { type: "plain_text", text: "Go" } }] };
// @ts-expect-error the wrong kind of text
export const header: Of<"header"> = { type: "header", text: { type: "mrkdwn", text: "*Accounts*" } };
// @ts-expect-error a cell that tables do not have
export const cell: Of<"data_table"> = { type: "data_table", caption: "Accounts", rows: [[{ type: "mrkdwn", text: "Account" }]] };
// @ts-expect-error something that must be there is not
export const missing: Of<"input"> = { type: "input", element: { type: "plain_text_input", action_id: "reason" } };
// @ts-expect-error a key that no modal has
export const modal: Omit<ModalView, "blocks"> = { type: "modal", title: { type: "plain_text", text: "Fix" }, ok: "Ask" };
