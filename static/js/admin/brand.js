// The form of the brand: a colour field beside each text, and the contrast of the two while they are chosen.

const box = document.querySelector("[data-brand-contrast]");
const texts = ["primary_colour", "accent_colour"].map((name) => document.getElementById(`id_${name}`));
const pickers = [];
const standards = [];
let request;

async function show() {
  request?.abort();
  request = new AbortController();
  const query = new URLSearchParams({ primary: texts[0].value, accent: texts[1].value });
  try {
    const answer = await fetch(`${box.dataset.brandContrast}?${query}`, { signal: request.signal });
    const html = await answer.text();
    if (!answer.ok) return answer.status === 400 && (box.textContent = html);
    box.innerHTML = html;
    const shown = box.querySelector("[data-colours]").dataset.colours.split(" "); // the site's own for an empty text
    shown.forEach((colour, number) => {
      pickers[number].value = colour;
      standards[number].textContent = texts[number].value ? "" : box.dataset.standard.replace("%s", colour);
    });
  } catch {
    // Stopped by the next one, or offline: the form says it when it is saved.
  }
}

function set(text, value) {
  text.value = value;
  for (const event of ["input", "change"]) text.dispatchEvent(new Event(event, { bubbles: true }));
}

for (const text of texts) {
  const picker = document.createElement("input");
  const row = document.createElement("div");
  const standard = document.createElement("div");
  picker.type = "color";
  picker.setAttribute("aria-label", document.querySelector(`label[for="${text.id}"]`).textContent.trim());
  row.className = "brand-colour";
  text.before(row);
  row.append(text, picker);
  standard.className = "help";
  row.after(standard);
  picker.addEventListener("input", () => set(text, picker.value));
  text.addEventListener("input", show);
  pickers.push(picker);
  standards.push(standard);
}

box.addEventListener("click", ({ target }) => {
  if (!target.dataset.primary) return;
  set(texts[0], target.dataset.primary);
  set(texts[1], target.dataset.accent);
  texts[0].focus();
});

show();

// Beside the form, where both have space, what the brand is shown on. Wagtail opens what was left open before this
// runs; what is opened here does not count as left open, so that other forms stay as they were.
document.addEventListener("DOMContentLoaded", () =>
  setTimeout(() => {
    if (!matchMedia("(width >= 75em)").matches || document.querySelector(".form-side--open")) return;
    const key = "wagtail:side-panel-open";
    const left = localStorage.getItem(key);
    document.querySelector('[data-side-panel="preview"]')?.dispatchEvent(new Event("open"));
    if (left === null) localStorage.removeItem(key);
    else localStorage.setItem(key, left);
  }),
);

// Where the preview will be, what it waits for: words until it has come, and others when it does not come.
document.addEventListener("DOMContentLoaded", () => {
  const area = document.querySelector(".w-preview__wrapper");
  if (!area) return;
  const [waits, failed] = document.querySelector("[data-preview-note]").content.children;
  failed.querySelector("a").href = document.querySelector('[data-w-preview-target="newTab"]').href;
  area.prepend(waits);
  const timer = setTimeout(() => waits.replaceWith(failed), 20_000);
  const came = ({ target }) => {
    if (!target.src) return; // the empty frame that it replaces
    clearTimeout(timer);
    waits.remove();
    failed.remove();
  };
  area.addEventListener("load", came, true);
});
