// Links into what is closed open it, and the search steps through the lines of the logs.
"use strict";
(() => {
  // The target of a link may lie within closed <details>.
  function reveal(element) {
    for (let part = element; part; part = part.parentElement) {
      if (part instanceof HTMLDetailsElement) part.open = true;
    }
    element.scrollIntoView({ block: "center" });
  }

  function follow() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target) reveal(target);
  }
  window.addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    // The same link twice changes no hash.
    if (link && link.hash === location.hash) follow();
  });
  follow();

  for (const search of document.querySelectorAll(".log-search")) {
    const [input, previous, next, told] = ["input", ".previous", ".next", "output"].map((part) => search.querySelector(part));
    const lines = [...search.parentElement.querySelectorAll(".lines li:not(.gap)")].map((element) => ({ element, text: element.textContent.toLowerCase() }));
    let found = [];
    let place = -1;

    const tell = () => {
      const wanted = input.value.trim();
      const count = found.length;
      told.value = !wanted ? "" : !count ? "Nothing found" : place < 0 ? `${count} ${count === 1 ? "line" : "lines"}` : `${place + 1} of ${count}`;
      previous.disabled = next.disabled = !count;
    };
    const show = (step) => {
      if (!found.length) return;
      found[place]?.classList.remove("current");
      place = place < 0 && step < 0 ? found.length - 1 : (place + step + found.length) % found.length;
      found[place].classList.add("current");
      reveal(found[place]);
      tell();
    };
    const look = () => {
      const wanted = input.value.trim().toLowerCase();
      for (const element of found) element.classList.remove("found", "current");
      found = wanted ? lines.filter(({ text }) => text.includes(wanted)).map(({ element }) => element) : [];
      for (const element of found) element.classList.add("found");
      place = -1;
      tell();
    };

    search.hidden = false;
    input.addEventListener("input", look);
    previous.addEventListener("click", () => show(-1));
    search.addEventListener("submit", (event) => { event.preventDefault(); show(1); });
  }
})();
