/** Reads the design's tokens for what is drawn on a canvas, and tells when they may have changed. */

export interface Tokens {
  get(name: string): string;
}

/** The tokens as they are now, each read once. */
export function tokens(): Tokens {
  const style = getComputedStyle(document.documentElement);
  const known = new Map<string, string>();
  return {
    get(name) {
      let value = known.get(name);
      if (value === undefined) known.set(name, (value = style.getPropertyValue(name).trim() || "#888"));
      return value;
    },
  };
}

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "wirescope.theme";

export function storedTheme(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === value) ?? "auto";
  } catch {
    return "auto"; // a sandboxed frame has no storage
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // it holds until the page is left
  }
}

/** Calls back when the reader's or the system's theme, contrast or forced colours change. Returns what ends that. */
export function onThemeChange(changed: () => void): () => void {
  const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) => matchMedia(query));
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  for (const query of queries) query.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    for (const query of queries) query.removeEventListener("change", changed);
  };
}
