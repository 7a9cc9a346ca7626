// Plots: the point nearest to the pointer says its value, and the arrow keys go from point to point.

for (const plot of document.querySelectorAll("[data-plot]")) {
  const points = figures.plots[plot.dataset.plot];
  if (points.length > 0) probePlot(plot, points);
}

function probePlot(plot, points) {
  const canvas = plot.querySelector(".canvas");
  const probe = document.createElement("div");
  probe.className = "probe";
  probe.tabIndex = 0;
  // A slider over the points: what assistive technology can step through and read out.
  probe.setAttribute("role", "slider");
  probe.setAttribute("aria-label", `${plot.querySelector(".name").textContent}, point by point`);
  probe.setAttribute("aria-valuemin", "1");
  probe.setAttribute("aria-valuemax", points.length);
  const cursor = document.createElement("div");
  cursor.className = "cursor";
  cursor.hidden = true;
  canvas.append(probe, cursor);
  let current = points.length - 1;
  say();

  function say() {
    probe.setAttribute("aria-valuenow", current + 1);
    probe.setAttribute("aria-valuetext", points[current][2]);
  }

  function show(at) {
    current = at;
    const [x, y, text] = points[at];
    const room = canvas.getBoundingClientRect();
    cursor.style.left = `${x / 10}%`;
    cursor.style.top = `${y / 10}%`;
    cursor.hidden = false;
    say();
    showTip([text], room.left + (x / 1000) * room.width, room.top + (y / 1000) * room.height);
  }

  function hide() {
    cursor.hidden = true;
    hideTip();
  }

  function nearest(event) {
    const room = canvas.getBoundingClientRect();
    const away = ([x, y]) =>
      Math.hypot(
        event.clientX - room.left - (x / 1000) * room.width,
        // Mostly by the horizontal: that is what a pointer is moved along.
        (event.clientY - room.top - (y / 1000) * room.height) / 4,
      );
    let best = 0;
    points.forEach((point, at) => {
      if (away(point) < away(points[best])) best = at;
    });
    return best;
  }

  probe.addEventListener("pointermove", (event) => show(nearest(event)));
  probe.addEventListener("pointerdown", (event) => show(nearest(event)));
  probe.addEventListener("pointerleave", hide);
  probe.addEventListener("focus", () => show(current));
  probe.addEventListener("blur", hide);
  probe.addEventListener("keydown", (event) => {
    const last = points.length - 1;
    const to = {
      ArrowLeft: current - 1,
      ArrowDown: current - 1,
      ArrowRight: current + 1,
      ArrowUp: current + 1,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) {
      if (event.key === "Escape") hide();
      return;
    }
    event.preventDefault();
    show(Math.min(Math.max(to, 0), last));
  });
}

