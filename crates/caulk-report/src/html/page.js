// What the whole page shares: the figures, the theme, and the box beside the pointer.
// Text from the figures is only ever set as text.

const figures = JSON.parse(document.getElementById("data").textContent);
document.documentElement.classList.add("scripted");

// ---- light and dark

const themes = ["system", "light", "dark"];
const themeButton = document.querySelector(".theme");
let theme = "system";
try {
  theme = localStorage.getItem("caulk-theme") ?? theme;
} catch {
  // A page without storage, as some browsers open files, still has the switch.
}

function showTheme() {
  if (!themes.includes(theme)) theme = "system";
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  themeButton.querySelector("span").textContent = theme;
}

themeButton.hidden = false;
themeButton.addEventListener("click", () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  showTheme();
  try {
    localStorage.setItem("caulk-theme", theme);
  } catch {
    // It lasts as long as the page, then.
  }
});
showTheme();

// ---- the box beside the pointer

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("role", "status");
document.body.append(tip);

// Shows lines of text near a point of the window; the first is the name of what is there.
function showTip(lines, x, y) {
  tip.replaceChildren(
    ...lines.filter(Boolean).map((line, at) => {
      const row = document.createElement("div");
      const text = document.createElement(at === 0 ? "b" : "span");
      text.textContent = line;
      row.append(text);
      return row;
    }),
  );
  tip.hidden = false;
  const room = tip.getBoundingClientRect();
  const left = Math.min(Math.max(4, x + 14), innerWidth - room.width - 4);
  const below = y + 18 + room.height < innerHeight;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, below ? y + 18 : y - room.height - 12)}px`;
}

function hideTip() {
  tip.hidden = true;
}

addEventListener("scroll", hideTip, { passive: true });

