// @ts-check
/** Light or dark: the system's, until the person turns it. */
import { icon } from "./dom.js";

const KEY = "theme";

function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

const isDark = () => (chosen() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

export function turnTheme() {
  try {
    localStorage.setItem(KEY, isDark() ? "light" : "dark");
  } catch {
    // Storage is off: the system's choice stays.
  }
  apply();
}

export function themeIcon() {
  return icon(isDark() ? "sun" : "moon");
}

function apply() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
apply();
