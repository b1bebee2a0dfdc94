// @ts-check
/** The sandbox's time, going on second by second. */
import { byId } from "/sandbox/behind/parts.js";

const DAY = 86_400;
const FORM = /** @type {Intl.DateTimeFormatOptions} */ ({ weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

export function startClock() {
  let offset = 0;
  const draw = () => {
    const now = new Date(Date.now() + offset);
    byId("time").textContent = `${now.toLocaleDateString("en-GB", FORM)}, ${now.toISOString().slice(11, 19)} UTC`;
  };
  window.setInterval(draw, 500);
  return {
    /** @param {{now: number, ahead_seconds: number}} told */
    set(told) {
      offset = told.now * 1000 - Date.now();
      byId("ahead").textContent = told.ahead_seconds ? `The sandbox's time, ${inWords(told.ahead_seconds)} ahead` : "The sandbox's time, which is the real one";
      document.documentElement.classList.toggle("is-ahead", told.ahead_seconds > 0);
      draw();
    },
  };
}

/** @param {number} seconds */
function inWords(seconds) {
  const days = Math.floor(seconds / DAY);
  const hours = Math.floor((seconds % DAY) / 3600);
  const minutes = Math.round((seconds % 3600) / 60);
  const parts = [one(days, "day"), one(hours, "hour"), days ? "" : one(minutes, "minute")].filter(Boolean);
  return parts.join(", ") || "less than a minute";
}

/** @param {number} count @param {string} unit */
function one(count, unit) {
  return count ? `${count} ${unit}${count === 1 ? "" : "s"}` : "";
}
