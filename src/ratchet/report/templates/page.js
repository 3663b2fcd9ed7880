"use strict";
(() => {
  const FIRST = 10, STEP = 100;
  const all = (root, selector) => [...root.querySelectorAll(selector)];

  // Programs: filtered by verdict and by words, and shown a few at a time.
  for (const form of all(document, ".filter")) {
    const group = form.parentElement;
    const samples = all(group, ".sample");
    if (samples.length < 2) continue;
    const buttons = all(form, "[data-verdict]");
    const unfold = form.querySelector(".unfold");
    const words = form.querySelector("input");
    const rest = group.querySelector(".rest");
    let limit = FIRST, verdict = "", texts = null, timer = 0;

    const show = () => {
      const wanted = words.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      if (wanted.length && !texts) texts = samples.map((sample) => sample.textContent.toLowerCase());
      let found = 0;
      samples.forEach((sample, i) => {
        const fits = (!verdict || sample.dataset.verdict === verdict) && wanted.every((word) => texts[i].includes(word));
        found += fits ? 1 : 0;
        sample.hidden = !fits || found > limit;
      });
      const shown = Math.min(found, limit);
      rest.firstElementChild.textContent = found ? `${shown.toLocaleString("en")} of ${found.toLocaleString("en")} shown` : "None fits.";
      rest.lastElementChild.hidden = shown === found;
      rest.hidden = shown === samples.length;
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
    };

    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button === unfold) {
        const open = unfold.getAttribute("aria-pressed") !== "true";
        unfold.setAttribute("aria-pressed", String(open));
        unfold.textContent = open ? "close all" : "open all";
        for (const sample of samples) if (!open || !sample.hidden) sample.open = open;
      } else {
        verdict = button.dataset.verdict === verdict ? "" : button.dataset.verdict;
        limit = FIRST;
        show();
      }
    });
    words.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => { limit = FIRST; show(); }, 120);
    });
    rest.lastElementChild.addEventListener("click", () => {
      const next = samples.findIndex((sample, i) => sample.hidden && i > samples.findLastIndex((one) => !one.hidden));
      limit += STEP;
      show();
      const first = samples.slice(Math.max(next, 0)).find((sample) => !sample.hidden);
      if (first) first.querySelector("summary").focus({ preventScroll: true });
    });
    form.hidden = false;
    group.classList.add("filtered");
    show();
  }

  // A button to copy each program, made when it comes to be seen.
  const copy = async (button, code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "selected";
    }
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  };
  const equip = (root) => {
    for (const listing of all(root, ".listing")) {
      if (listing.querySelector(".copy")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "copy";
      button.addEventListener("click", () => copy(button, listing.querySelector("code")));
      listing.append(button);
    }
  };
  for (const block of all(document, ".block:not(.samplegroup)")) equip(block);
  document.addEventListener("toggle", (event) => {
    if (event.target.open) equip(event.target);
  }, true);

  // The contents show where the reader is.
  const links = new Map(all(document, ".toc a").map((link) => [link.hash.slice(1), link]));
  const marks = all(document, ".section, .block[id]").filter((mark) => links.has(mark.id));
  const follow = () => {
    const line = Math.min(160, innerHeight / 4);
    let here = marks.filter((mark) => mark.getBoundingClientRect().top <= line);
    if (!here.length) here = marks.slice(0, 1);
    const current = here.at(-1);
    if (!current) return;
    const section = current.closest(".section");
    for (const [id, link] of links) {
      link.parentElement.classList.toggle("here", id === section.id);
      if (id === current.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; follow(); });
  }, { passive: true });
  follow();
})();
