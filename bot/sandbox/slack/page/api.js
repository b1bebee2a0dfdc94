// @ts-check
/** The server's /local routes, and its stream of events. */

/** @param {string} user @returns {Promise<any>} */
export async function readState(user) {
  const response = await fetch(`/local/state?user=${encodeURIComponent(user)}`);
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** @param {string} user @param {string} channel @returns {Promise<{messages: any[], unread: number}>} */
export async function readMessages(user, channel) {
  const response = await fetch(`/local/messages?user=${encodeURIComponent(user)}&channel=${encodeURIComponent(channel)}`);
  return response.json();
}

/** Do something as a person; a failure is an answer, not an exception. @param {string} action @param {any} body @returns {Promise<any>} */
export async function act(action, body) {
  try {
    const response = await fetch(`/local/${action}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return await response.json();
  } catch {
    return { ok: false, error: "unreachable", detail: "The local Slack does not answer; is it still running?" };
  }
}

/**
 * Listen to what changes for a person. Returns what stops it.
 * @param {string} user
 * @param {(event: any) => void} onEvent
 * @param {(alive: boolean) => void} onAlive
 */
export function listen(user, onEvent, onAlive) {
  const source = new EventSource(`/local/events?user=${encodeURIComponent(user)}`);
  source.onopen = () => onAlive(true);
  source.onerror = () => onAlive(false);
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
  return () => source.close();
}
