// @ts-check
/** What a control can do where it stands: on a message, in a modal, or on the home tab. */
import { act } from "./api.js";
import { store } from "./store.js";

/**
 * @param {{channel?: string, ts?: string, view_id?: string}} spot
 * @param {any} values what has been chosen there, as the server keeps it
 * @param {(block: any, element: any, choice: any) => void} [keep]
 * @returns {import("./controls.js").Place}
 */
export function placeOf(spot, values, keep = () => {}) {
  const about = (/** @type {any} */ block, /** @type {any} */ element) => ({ ...spot, user: store.user, block_id: block.block_id, action_id: element.action_id });
  return {
    values,
    keep,
    key: spot.ts ?? spot.view_id ?? "home",
    people: () => store.state.people.map((/** @type {any} */ one) => ({ id: one.id, label: one.real_name, detail: one.title })),
    channels: () => store.state.channels.filter((/** @type {any} */ one) => !one.is_im).map((/** @type {any} */ one) => ({ id: one.id, label: `#${one.name}` })),
    send: (block, element, what) => act("click", { ...about(block, element), ...what }),
    upload: async (file) => (await act("upload", { user: store.user, name: file.name, content: await asBase64(file) })).file,
    suggest: async (block, element, typed) => (await act("suggest", { ...about(block, element), value: typed })).options ?? [],
  };
}

/** @param {File} file @returns {Promise<string>} */
function asBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
