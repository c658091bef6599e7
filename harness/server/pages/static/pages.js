// A log that is read while it is written: its end is followed until the reader scrolls up, and searching leaves the lines that match.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 8;

  const follow = () => {
    const log = byId("log");
    if (log && byId("log-follow").checked) log.scrollTop = log.scrollHeight;
  };

  const search = () => {
    const wanted = byId("log-search").value.toLowerCase();
    let found = 0;
    for (const line of byId("log-lines").children) {
      const matches = line.textContent.toLowerCase().includes(wanted);
      line.hidden = !matches;
      found += matches;
    }
    byId("log-count").textContent = wanted ? `${found} ${found === 1 ? "line" : "lines"}` : "";
  };

  // The build's part of the page is replaced when the build ends; what was searched for, and whether the end is followed, stays.
  let kept = { wanted: "", isFollowing: null };

  const attach = () => {
    const log = byId("log");
    if (!log || log.dataset.attached) return;
    log.dataset.attached = "yes";
    for (const controls of document.querySelectorAll(".needs-script")) controls.hidden = false;
    byId("log-search").value = kept.wanted;
    if (kept.isFollowing !== null) byId("log-follow").checked = kept.isFollowing;
    byId("log-search").addEventListener("input", () => { kept.wanted = byId("log-search").value; search(); });
    byId("log-follow").addEventListener("change", () => { kept.isFollowing = byId("log-follow").checked; follow(); });
    log.addEventListener("scroll", () => {
      // Searching makes the log shorter: that is nobody's scrolling.
      if (kept.wanted) return;
      byId("log-follow").checked = isAtEnd(log);
      kept.isFollowing = byId("log-follow").checked;
    });
    new MutationObserver(() => { search(); follow(); }).observe(byId("log-lines"), { childList: true });
    search();
    follow();
  };

  document.addEventListener("htmx:afterSettle", attach);
  attach();
})();
