"use strict";
(async () => {
  const $ = (id) => document.getElementById(id);
  const home = $("explorer");
  if (!home) return;
  const ROW = 36, SPARE = 8, KEEP = 64;
  const { make, coloured, listing } = Listings;
  const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  if (!("DecompressionStream" in window)) {
    home.replaceChildren(make("p", "lead", "This browser cannot unpack the samples: use one of 2023 or later."));
    home.hidden = false;
    return;
  }

  // The packed data: the index at once, blocks of texts when they are wanted.
  const unpack = async (node) => {
    const raw = atob(node.textContent), bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  const data = await unpack($("index"));
  const nodes = [...document.querySelectorAll(".block-of-text")];
  const kept = new Map();
  const block = (number) => {
    const found = kept.get(number) ?? unpack(nodes[number]);
    kept.delete(number);
    kept.set(number, found);
    if (kept.size > KEEP) kept.delete(kept.keys().next().value);
    return found;
  };
  const blockOf = (entry) => {
    let low = 0, high = data.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (data.starts[middle] <= entry) low = middle; else high = middle - 1;
    }
    return low;
  };
  const entry = async (number) => {
    const at = blockOf(number);
    return (await block(at))[number - data.starts[at]];
  };
  const { problems, samples, runs } = data;
  const P = problems.id.length, N = samples.run.length, R = runs.length;
  const first = new Int32Array(P + 1), problemOf = new Int32Array(N);
  for (let p = 0; p < P; p++) {
    first[p + 1] = first[p] + problems.samples[p];
    problemOf.fill(p, first[p], first[p + 1]);
  }
  const PASSED = data.statuses.indexOf("passed");
  const heat = (temperature) => temperature === null ? "" : `T = ${temperature}`;

  // Samples passed, and samples, of each problem by each Run at the chosen temperature.
  let passed, total;
  const tally = (temperature) => {
    passed = new Int32Array(P * R);
    total = new Int32Array(P * R);
    for (let i = 0; i < N; i++) {
      if (temperature >= 0 && samples.temperature[i] !== temperature) continue;
      const cell = problemOf[i] * R + samples.run[i];
      total[cell] += 1;
      passed[cell] += samples.status[i] === PASSED ? 1 : 0;
    }
  };
  const shares = (p) => runs.map((_, r) => p * R + r).filter((cell) => total[cell]).map((cell) => passed[cell] / total[cell]);

  // The filter: what is chosen, and the samples and problems that fit it.
  const choices = ["benchmark", "run", "temperature", "status", "category", "label", "solved", "unsolved", "order"];
  const chosen = Object.fromEntries(choices.map((name) => [name, $(name)]));
  const fill = (name, any, options) => {
    for (const [value, text] of [["", any], ...options]) chosen[name].append(new Option(text, value));
  };
  const numbered = (names) => names.map((name, i) => [String(i), name]);
  const labels = [...new Set(problems.labels.flat())].sort();
  fill("benchmark", "all", numbered(data.benchmarks));
  fill("run", "all", numbered(runs));
  fill("temperature", "all", numbered(data.temperatures.map((t) => t === null ? "not known" : String(t))));
  fill("status", "all", numbered(data.statuses).filter(([value]) => samples.status.includes(Number(value))));
  fill("category", "all", numbered(data.categories));
  fill("label", "all", numbered(labels));
  const models = R > 1 ? [["all", "every model"], ["some", "some, not every model"], ["none", "no model"]] : [["all", "the model"], ["none", "no model"]];
  fill("solved", "any or none", R > 1 ? [...models, ...numbered(runs)] : models);
  fill("unsolved", "–", numbered(runs));
  fill("order", "as in the benchmark", [["hard", "hardest first"], ["split", "most disputed first"]]);
  const sizes = { benchmarks: data.benchmarks.length, runs: R, temperatures: data.temperatures.length, labels: labels.length ? 2 : 0 };
  for (const field of document.querySelectorAll("[data-few]")) field.hidden = sizes[field.dataset.few] < 2;

  const solvedBy = (p, who) => {
    const seen = shares(p);
    if (who === "all") return seen.every((share) => share > 0);
    if (who === "none") return seen.every((share) => share === 0);
    if (who === "some") return seen.some((share) => share > 0) && seen.some((share) => share === 0);
    return passed[p * R + Number(who)] > 0;
  };
  const problemFits = (p, want) =>
    (want.benchmark === "" || problems.benchmark[p] === Number(want.benchmark)) &&
    (want.label === "" || problems.labels[p].includes(labels[want.label])) &&
    (want.solved === "" || solvedBy(p, want.solved)) &&
    (want.unsolved === "" || (total[p * R + Number(want.unsolved)] > 0 && !solvedBy(p, want.unsolved)));
  const columns = ["run", "temperature", "status", "category"];
  let fits = [], rows = [], view = "problems", turn = 0;
  const sift = async () => {
    const mine = ++turn;
    const want = Object.fromEntries(choices.map((name) => [name, chosen[name].value]));
    const words = $("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    tally(want.temperature === "" ? -1 : Number(want.temperature));
    const strict = columns.filter((name) => want[name] !== "").map((name) => [samples[name], Number(want[name])]);
    let found = [];
    for (let p = 0; p < P; p++) {
      if (!problemFits(p, want)) continue;
      for (let i = first[p]; i < first[p + 1]; i++) if (strict.every(([column, value]) => column[i] === value)) found.push(i);
    }
    if (words.length) found = await search(found, words, () => mine !== turn);
    if (mine !== turn) return;
    fits = found;
    arrange();
  };
  const search = async (among, words, stale) => {
    const found = [];
    let at = -1, texts = [], p = -1, prompt = "";
    for (const i of among) {
      if (blockOf(P + i) !== at) {
        at = blockOf(P + i);
        $("found").textContent = `searching: ${Math.round(100 * i / N)} %`;
        texts = await block(at);
        if (stale()) return [];
      }
      if (problemOf[i] !== p) {
        p = problemOf[i];
        prompt = `${problems.id[p]} ${(await entry(p))[0].map((wording) => wording[0]).join(" ")}`.toLowerCase();
      }
      const told = texts[P + i - data.starts[at]];
      const said = [runs[samples.run[i]], told.program?.[0], told.raw?.[0], told.detail?.[0], ...(told.calls ?? []).flat()];
      const text = said.join(" ").toLowerCase();
      if (words.every((word) => text.includes(word) || prompt.includes(word))) found.push(i);
    }
    return found;
  };
  const arrange = () => {
    const shown = [];
    for (const i of fits) if (shown.at(-1) !== problemOf[i]) shown.push(problemOf[i]);
    const mean = (list) => list.reduce((sum, share) => sum + share, 0) / list.length;
    const spread = (list) => Math.max(...list) - Math.min(...list);
    const by = { hard: (p) => mean(shares(p)), split: (p) => -spread(shares(p)) }[chosen.order.value];
    if (by) {
      const keys = new Map(shown.map((p) => [p, by(p)]));
      shown.sort((a, b) => keys.get(a) - keys.get(b) || a - b);
    }
    $("found").textContent = `${count(shown.length, "problem")}, ${count(fits.length, "sample")}`;
    rows = view === "problems" ? shown : fits;
    active = { row: 0, column: 0 };
    grid.scrollTop = 0;
    lay();
  };

  // The grid draws only the rows that are to be seen.
  const grid = $("grid"), head = grid.querySelector(".grid-head"), body = grid.querySelector(".grid-body");
  const drawn = new Map();
  let active = { row: 0, column: 0 };
  const views = {
    problems: {
      names: ["problem", ...runs],
      columns: `minmax(11rem, 2fr) repeat(${R}, minmax(5.5rem, 1fr))`,
      width: 11 + 5.5 * R,
      cells: (p) => [
        make("span", "", problems.id[p], ...(problems.broken[p] ? [make("em", "", "broken")] : [])),
        ...runs.map((name, r) => {
          const [c, n] = [passed[p * R + r], total[p * R + r]];
          const cell = make("span", n ? "share" : "none", n ? (n === 1 ? (c ? "✓" : "✗") : `${c} / ${n}`) : "–");
          cell.style.setProperty("--share", n ? c / n : 0);
          cell.setAttribute("aria-label", n ? `${name}: ${c} of ${n} passed` : `${name}: no sample`);
          return cell;
        }),
      ],
      sample: (p, column) => {
        const mine = fits.filter((i) => problemOf[i] === p);
        if (!column) return mine[0];
        const of = (i) => samples.run[i] === column - 1;
        for (let i = first[p]; i < first[p + 1]; i++) if (of(i)) return mine.find(of) ?? i;
        return mine[0];
      },
    },
    samples: {
      names: ["problem", "model", "sample", "verdict", "category", "error"],
      columns: "minmax(10rem, 1.2fr) minmax(11rem, 1.4fr) 6.5rem 6.5rem 9rem minmax(14rem, 3fr)",
      width: 60,
      cells: (i) => {
        const detail = make("span", "detail");
        entry(P + i).then((told) => { detail.textContent = told.detail?.[0].split("\n", 1)[0] ?? ""; });
        const status = samples.status[i];
        return [
          make("span", "", problems.id[problemOf[i]]),
          make("span", "", runs[samples.run[i]]),
          make("span", "", `${samples.index[i]}${data.temperatures.length > 1 ? `, ${heat(data.temperatures[samples.temperature[i]])}` : ""}`),
          make("span", "", make("span", `chip tone-${data.tones[status]}`, data.statuses[status])),
          make("span", "", data.categories[samples.category[i]]),
          detail,
        ];
      },
      sample: (i) => i,
    },
  };
  const lay = () => {
    const { names, columns: shape, width } = views[view];
    grid.style.setProperty("--columns", shape);
    for (const part of [head, body]) part.style.minWidth = `${width}rem`;
    const row = make("div", "row", ...names.map((name) => {
      const cell = make("span", "", name);
      cell.title = name;
      cell.setAttribute("role", "columnheader");
      return cell;
    }));
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", "1");
    head.replaceChildren(row);
    body.replaceChildren();
    drawn.clear();
    body.style.height = `${rows.length * ROW}px`;
    grid.setAttribute("aria-rowcount", String(rows.length + 1));
    grid.setAttribute("aria-colcount", String(names.length));
    paint();
  };
  const paint = () => {
    const from = Math.max(0, Math.floor(grid.scrollTop / ROW) - SPARE);
    const to = Math.min(rows.length, Math.ceil((grid.scrollTop + grid.clientHeight) / ROW) + SPARE);
    for (const [number, row] of drawn) if (number < from || number >= to) { row.remove(); drawn.delete(number); }
    for (let number = from; number < to; number++) {
      if (drawn.has(number)) continue;
      const cells = views[view].cells(rows[number]);
      cells.forEach((cell, column) => {
        cell.id = `cell-${number}-${column}`;
        cell.setAttribute("role", column ? "gridcell" : "rowheader");
        cell.setAttribute("aria-colindex", String(column + 1));
      });
      const row = make("div", "row", ...cells);
      row.setAttribute("role", "row");
      row.setAttribute("aria-rowindex", String(number + 2));
      row.dataset.row = number;
      row.style.transform = `translateY(${number * ROW}px)`;
      drawn.set(number, row);
      body.append(row);
    }
    body.querySelector(".active")?.classList.remove("active");
    const cell = $(`cell-${active.row}-${active.column}`);
    cell?.classList.add("active");
    if (cell) grid.setAttribute("aria-activedescendant", cell.id); else grid.removeAttribute("aria-activedescendant");
  };
  const move = (row, column) => {
    active = { row: Math.max(0, Math.min(rows.length - 1, row)), column: Math.max(0, Math.min(views[view].names.length - 1, column)) };
    const top = active.row * ROW, room = grid.clientHeight - head.offsetHeight - ROW;
    if (grid.scrollTop > top) grid.scrollTop = top;
    if (grid.scrollTop < top - room) grid.scrollTop = top - room;
    paint();
    if (active.column) $(`cell-${active.row}-${active.column}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    else grid.scrollLeft = 0;
  };
  const open = () => { if (rows.length) show(views[view].sample(rows[active.row], active.column)); };
  let waiting = false;
  grid.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; paint(); });
  }, { passive: true });
  grid.addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row) return;
    const cell = event.target.closest('[role="gridcell"], [role="rowheader"]');
    move(Number(row.dataset.row), cell ? Number(cell.getAttribute("aria-colindex")) - 1 : 0);
    open();
  });
  grid.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(grid.clientHeight / ROW) - 2), { row, column } = active;
    const to = {
      ArrowDown: [row + 1, column], ArrowUp: [row - 1, column], ArrowRight: [row, column + 1], ArrowLeft: [row, column - 1],
      PageDown: [row + page, column], PageUp: [row - page, column], Home: [event.ctrlKey ? 0 : row, 0],
      End: [event.ctrlKey ? rows.length : row, views[view].names.length],
    }[event.key];
    if (to) move(...to); else if (event.key === "Enter" || event.key === " ") open(); else return;
    event.preventDefault();
  });
  new ResizeObserver(paint).observe(grid);

  // One sample in full, with the others of its problem beside it.
  const sheet = $("sheet");
  let current = 0;
  const folded = (title, ...inner) => make("details", "", make("summary", "", title), ...inner);
  const facts = (pairs) => make("dl", "facts", ...pairs.filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "", String(value)))));
  const groupOf = (i) => data.temperatures.length > 1 ? `${runs[samples.run[i]]}, ${heat(data.temperatures[samples.temperature[i]])}` : runs[samples.run[i]];
  const pips = (p) => {
    const boxes = new Map();
    for (let i = first[p]; i < first[p + 1]; i++) {
      const name = groupOf(i), status = data.statuses[samples.status[i]];
      if (!boxes.has(name)) boxes.set(name, make("div", "pips", make("span", "", name)));
      const pip = make("button", `pip tone-${data.tones[samples.status[i]]}`, status === "passed" ? "✓" : "✗");
      pip.type = "button";
      pip.dataset.sample = i;
      pip.title = `sample ${samples.index[i]}: ${status}`;
      pip.setAttribute("aria-label", `${name}, ${pip.title}`);
      boxes.get(name).append(pip);
    }
    $("pips").replaceChildren(...boxes.values());
    $("pips").dataset.problem = p;
  };
  const show = async (i) => {
    if (i === undefined) return;
    current = i;
    const p = problemOf[i], status = data.statuses[samples.status[i]], tone = data.tones[samples.status[i]];
    if (!sheet.open) sheet.showModal();
    if ($("pips").dataset.problem !== String(p)) pips(p);
    for (const pip of $("pips").querySelectorAll("button")) {
      if (Number(pip.dataset.sample) === i) pip.setAttribute("aria-current", "true"); else pip.removeAttribute("aria-current");
    }
    $("sheet-title").replaceChildren(problems.id[p], make("small", "", data.benchmarks[problems.benchmark[p]]));
    const [[wordings, perplexities], told] = await Promise.all([entry(p), entry(P + i)]);
    if (current !== i) return;
    const run = samples.run[i], [prompt, cut] = wordings.find((wording) => wording[2].includes(run)) ?? ["", 0];
    const language = problems.language[p], parts = [];
    const about = make("p", "about", make("span", `chip tone-${tone}`, status), `${groupOf(i)}, sample ${samples.index[i]}`);
    if (status !== data.categories[samples.category[i]]) about.append(make("span", "chip", data.categories[samples.category[i]]));
    parts.push(about);
    if (problems.broken[p]) parts.push(make("p", "caption", `No answer can pass this problem: ${problems.broken[p]}`));
    if (told.detail) parts.push(make("h3", "", "Error"), ...listing(told.detail[1], `evidence tone-${tone}`, told.detail[0]));
    const [text, left] = told.program ?? ["", 0];
    if (told.whole && prompt) parts.push(folded("Prompt", ...listing(cut, "", ...coloured(prompt, language))));
    parts.push(make("h3", "", told.whole ? "Program" : "Prompt and completion"));
    const given = make("span", "given", ...coloured(prompt, language));
    if (!text && !prompt) parts.push(make("p", "caption", "The Run does not hold the program."));
    else parts.push(...listing(left + (told.whole ? 0 : cut), "", ...(told.whole ? [] : [given]), ...coloured(text, language)));
    if (!text && prompt) parts.push(make("p", "caption", "The completion is empty."));
    if (told.calls) {
      const calls = told.calls.map(([tool, query, queryLeft, answer, answerLeft]) => make("li", "", make("p", "", make("b", "", tool)),
        ...listing(queryLeft, "", query), ...listing(answerLeft, "answer", answer)));
      const more = told.more_calls ? [make("p", "left-off", `${count(told.more_calls, "more question")} are not shown.`)] : [];
      parts.push(folded(`Tool calls (${told.calls.length + (told.more_calls ?? 0)})`, make("ol", "calls", ...calls), ...more));
    }
    if (told.raw) parts.push(folded("As the model wrote it", ...listing(told.raw[1], "", told.raw[0])));
    parts.push(facts([
      ["tokens", told.tokens], ["judged in", told.wall && `${told.wall} s`], ["CPU", told.cpu && `${told.cpu} s`],
      ["seed", told.seed], ["ended by", told.finish], ["log-probability", told.logprob?.toFixed(2)],
      ["tests ran", told.oracle], ["prompt perplexity", perplexities[run]?.toFixed(2)], ["language", language],
      ["labels", problems.labels[p].join(", ")],
    ]));
    $("told").replaceChildren(...parts);
    sheet.querySelector(".sheet-body").scrollTop = 0;
  };
  const step = (by) => {
    const at = fits.indexOf(current);
    const next = at < 0 ? current + by : fits[at + by];
    if (next !== undefined && next >= 0 && next < N) show(next);
  };
  sheet.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (event.target === sheet) sheet.close();
    else if (button?.dataset.step) step(Number(button.dataset.step));
    else if (button?.dataset.sample) show(Number(button.dataset.sample));
    else if (button && "close" in button.dataset) sheet.close();
  });
  sheet.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.target.closest("pre")) return;
    event.preventDefault();
    step(by);
  });
  sheet.addEventListener("close", () => grid.focus({ preventScroll: true }));

  let timer = 0;
  const form = home.querySelector("form");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => { if (event.target !== $("words")) sift(); });
  form.addEventListener("input", (event) => {
    if (event.target !== $("words")) return;
    clearTimeout(timer);
    timer = setTimeout(sift, 200);
  });
  form.addEventListener("reset", () => setTimeout(sift));
  for (const button of home.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => {
      view = button.dataset.view;
      for (const other of home.querySelectorAll("[data-view]")) other.setAttribute("aria-pressed", String(other === button));
      arrange();
    });
  }
  home.hidden = false;
  await sift();
})();
