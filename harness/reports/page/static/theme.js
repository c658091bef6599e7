// The theme: the system's until the reader chooses one, which is then remembered. Runs in the head, before anything shows.
"use strict";
(() => {
  const KEY = "harness-theme";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  // A page in a sandbox has no storage.
  const remembered = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem(KEY, theme); } catch { /* chosen for this visit only */ } };
  const shown = () => root.dataset.theme ?? (system.matches ? "dark" : "light");

  const chosen = remembered();
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll(".theme-button")) {
      const tell = () => button.setAttribute("aria-pressed", String(shown() === "dark"));
      button.hidden = false;
      button.addEventListener("click", () => {
        root.dataset.theme = shown() === "dark" ? "light" : "dark";
        remember(root.dataset.theme);
        tell();
      });
      system.addEventListener("change", tell);
      tell();
    }
  });
})();
