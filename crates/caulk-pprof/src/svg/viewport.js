// Drag to move, wheel or pinch to zoom, double click to see all; also the arrow keys, + - and 0.
(() => {
  "use strict";
  const svg = document.currentScript.ownerSVGElement;

  addEventListener("load", () => {
    const viewport = svg.getElementById("viewport");
    let scale = 1, left = 0, top = 0;

    const show = () =>
      viewport.setAttribute("transform", `matrix(${scale} 0 0 ${scale} ${left} ${top})`);

    // The picture in the middle, as large as fits but not enlarged.
    const seeAll = () => {
      const picture = viewport.getBBox(), window = svg.getBoundingClientRect();
      if (!picture.width || !picture.height) return;
      scale = Math.min(1, window.width / picture.width, window.height / picture.height);
      left = (window.width - scale * picture.width) / 2 - scale * picture.x;
      top = (window.height - scale * picture.height) / 2 - scale * picture.y;
      show();
    };

    const move = (x, y) => { left += x; top += y; show(); };

    // What is below the point (x, y) of the window stays there.
    const zoom = (factor, x, y) => {
      const before = scale, window = svg.getBoundingClientRect();
      scale = Math.min(50, Math.max(0.005, scale * factor));
      left = x - window.left - (x - window.left - left) * scale / before;
      top = y - window.top - (y - window.top - top) * scale / before;
      show();
    };

    const zoomAtMiddle = (factor) => {
      const window = svg.getBoundingClientRect();
      zoom(factor, window.left + window.width / 2, window.top + window.height / 2);
    };

    svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
      zoom(Math.exp(-pixels / 500), event.clientX, event.clientY);
    }, { passive: false });

    // Pointers that are down, and where.
    const down = new Map();
    svg.style.touchAction = "none";
    svg.style.cursor = "grab";
    svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      down.set(event.pointerId, event);
      svg.setPointerCapture(event.pointerId);
      svg.style.cursor = "grabbing";
    });
    svg.addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      if (!before) return;
      const other = [...down.values()].find((it) => it.pointerId !== event.pointerId);
      if (other) {
        const distance = (it) => Math.hypot(it.clientX - other.clientX, it.clientY - other.clientY);
        zoom(distance(event) / Math.max(1, distance(before)), other.clientX, other.clientY);
      } else {
        move(event.clientX - before.clientX, event.clientY - before.clientY);
      }
      down.set(event.pointerId, event);
    });
    const up = (event) => {
      down.delete(event.pointerId);
      if (!down.size) svg.style.cursor = "grab";
    };
    svg.addEventListener("pointerup", up);
    svg.addEventListener("pointercancel", up);
    svg.addEventListener("dblclick", seeAll);

    const keys = {
      ArrowLeft: () => move(60, 0),
      ArrowRight: () => move(-60, 0),
      ArrowUp: () => move(0, 60),
      ArrowDown: () => move(0, -60),
      "+": () => zoomAtMiddle(1.25),
      "-": () => zoomAtMiddle(0.8),
      "0": seeAll,
    };
    addEventListener("keydown", (event) => {
      const does = keys[event.key];
      if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      does();
    });

    seeAll();
  });
})();
