// Flame graphs. A box's place is known (it was laid out beforehand); what is done here is to show a part
// of the graph at the full width, to search, and to go from box to box.

for (const section of document.querySelectorAll(".flame")) {
  drawFlames(section);
}

// The columns of a graph as boxes that know their parents and what is within them.
function boxesOf(graph) {
  const open = [];
  return graph.frame.map((frame, at) => {
    const [name, fullName, place, kind] = graph.frames[frame];
    const depth = graph.depth[at];
    const box = {
      name,
      fullName,
      place,
      kind,
      depth,
      start: graph.start[at],
      width: graph.width[at],
      value: graph.value[at],
      parent: depth > 0 ? open[depth - 1] : null,
      inner: [],
    };
    box.parent?.inner.push(box);
    open[depth] = box;
    return box;
  });
}

function percent(part, whole) {
  const value = (100 * part) / Math.max(whole, 1);
  if (value > 0 && value < 1) return "<1 %";
  if (value > 99 && value < 100) return ">99 %";
  return `${value.toFixed(0)} %`;
}

function drawFlames(section) {
  const frames = section.querySelector(".frames");
  const views = [...section.querySelectorAll(".views button")];
  const search = section.querySelector("input");
  const reset = section.querySelector(".reset");
  const found = section.querySelector(".found");
  const whole = 1e6;
  // Narrower boxes are not put on the page, but come when their surroundings are zoomed into.
  const narrowest = 0.0006;

  let graph; // what is shown
  let boxes = [];
  let zoomed = null; // the box at the full width; null for the whole graph
  let current = null; // the box that the Tab key comes to
  let hits = new Set();
  let shown = new Map(); // boxes on the page and their elements

  function open(number) {
    graph = figures.flames[number];
    boxes = boxesOf(graph);
    zoomed = null;
    current = boxes[0] ?? null;
    for (const view of views) view.setAttribute("aria-pressed", view.dataset.flame === String(number));
    for (const note of section.querySelectorAll(".left-out")) note.hidden = note.dataset.flame !== String(number);
    find();
    draw();
  }

  function isAround(box) {
    for (let at = zoomed; at; at = at.parent) if (at === box) return true;
    return false;
  }

  function draw() {
    const from = zoomed?.start ?? 0;
    const width = zoomed?.width ?? whole;
    const height = innerWidth <= 640 ? 22 : 20;
    shown = new Map();
    let deepest = 0;
    for (const box of boxes) {
      const around = isAround(box);
      const left = around ? 0 : (box.start - from) / width;
      const share = around ? 1 : box.width / width;
      if (left < -1e-6 || left + share > 1 + 1e-6 || share < narrowest) continue;
      const element = document.createElement("div");
      element.className = `kind-${box.kind}`;
      element.style.left = `${left * 100}%`;
      element.style.width = `${share * 100}%`;
      element.style.top = `${box.depth * height}px`;
      element.textContent = box.name;
      element.classList.toggle("thin", share * frames.clientWidth < 22);
      element.classList.toggle("around", around && box !== zoomed);
      element.classList.toggle("hit", hits.has(box));
      element.setAttribute("role", "treeitem");
      element.setAttribute("aria-level", box.depth + 1);
      element.setAttribute("aria-label", `${box.name}, ${box.value}, ${percent(box.width, whole)}`);
      element.tabIndex = -1;
      shown.set(box, element);
      deepest = Math.max(deepest, box.depth);
    }
    frames.replaceChildren(...shown.values());
    frames.style.height = `${(deepest + 1) * height}px`;
    if (!shown.has(current)) current = zoomed ?? boxes[0] ?? null;
    const entry = shown.get(current);
    if (entry) entry.tabIndex = 0;
    reset.disabled = zoomed === null;
  }

  function find() {
    const wanted = search.value.trim().toLowerCase();
    hits = new Set();
    let share = 0;
    const within = new Set(); // boxes that stand in a hit, which are counted with it
    for (const box of boxes) {
      const counted = box.parent && within.has(box.parent);
      const isHit =
        wanted !== "" &&
        (box.fullName.toLowerCase().includes(wanted) || box.place.toLowerCase().includes(wanted));
      if (isHit) hits.add(box);
      if (isHit && !counted) share += box.width;
      if (isHit || counted) within.add(box);
    }
    if (wanted === "") found.textContent = "";
    else if (hits.size === 0) found.textContent = "nothing found";
    else {
      const noun = hits.size === 1 ? "frame" : "frames";
      found.textContent = `${hits.size} ${noun}, ${percent(share, whole)} of the ${graph.whole}`;
    }
    for (const [box, element] of shown) element.classList.toggle("hit", hits.has(box));
  }

  function zoom(box) {
    const hadFocus = frames.contains(document.activeElement);
    zoomed = box;
    if (box) current = box;
    draw();
    if (hadFocus) shown.get(current)?.focus({ preventScroll: true });
  }

  function go(box) {
    const element = shown.get(box);
    if (!element) return;
    const before = shown.get(current);
    if (before) before.tabIndex = -1;
    current = box;
    element.tabIndex = 0;
    element.focus();
  }

  function boxAt(event) {
    for (const [box, element] of shown) if (element === event.target) return box;
    return null;
  }

  function describe(box) {
    const ofAll = `${box.value}, ${percent(box.width, whole)} of the ${graph.whole}`;
    const ofParent = box.parent ? `${percent(box.width, box.parent.width)} of the frame around it` : "";
    return [box.fullName, [ofAll, ofParent].filter(Boolean).join(", "), box.place, graph.kinds[box.kind]];
  }

  frames.addEventListener("click", (event) => {
    const box = boxAt(event);
    if (!box) return;
    hideTip();
    current = box;
    zoom(box === zoomed ? box.parent : box);
    shown.get(current)?.focus({ preventScroll: true });
  });
  frames.addEventListener("pointermove", (event) => {
    const box = boxAt(event);
    if (box) showTip(describe(box), event.clientX, event.clientY);
    else hideTip();
  });
  frames.addEventListener("pointerleave", hideTip);
  frames.addEventListener("focusin", (event) => {
    const box = boxAt(event);
    if (!box || !event.target.matches(":focus-visible")) return;
    const room = event.target.getBoundingClientRect();
    showTip(describe(box), room.left, room.bottom - 8);
  });
  frames.addEventListener("focusout", hideTip);
  frames.addEventListener("keydown", (event) => {
    if (!current) return;
    const siblings = (current.parent?.inner ?? boxes.filter((box) => box.depth === 0)).filter((box) => shown.has(box));
    const place = siblings.indexOf(current);
    const action = {
      ArrowDown: () => go(current.inner[0]),
      ArrowUp: () => go(current.parent),
      ArrowRight: () => go(siblings[place + 1]),
      ArrowLeft: () => go(siblings[place - 1]),
      Home: () => go(boxes[0]),
      Enter: () => zoom(current),
      " ": () => zoom(current),
      Escape: () => zoom(zoomed?.parent ?? null),
      Backspace: () => zoom(zoomed?.parent ?? null),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  for (const view of views) view.addEventListener("click", () => open(Number(view.dataset.flame)));
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    search.value = "";
    find();
  });
  reset.addEventListener("click", () => zoom(null));
  let drawnAt = 0;
  new ResizeObserver(() => {
    if (frames.clientWidth === drawnAt) return;
    drawnAt = frames.clientWidth;
    draw();
  }).observe(frames);

  if (views.length > 0) open(Number(views[0].dataset.flame));
}
