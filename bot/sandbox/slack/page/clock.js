// @ts-check
/** The workspace's time: the machine's, unless whoever runs this Slack has moved it. */

let ahead = 0;

/** Milliseconds since 1970. */
export function now() {
  return Date.now() + ahead;
}

/** Go by the server's time. Returns whether it was moved meanwhile. @param {number} seconds since 1970 */
export function follow(seconds) {
  const before = ahead;
  const found = seconds * 1000 - Date.now();
  // What the answer took to come is no move.
  ahead = Math.abs(found) < 10_000 ? 0 : found;
  return Math.abs(ahead - before) > 10_000;
}
