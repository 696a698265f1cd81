// The list of stock: a row that was changed says so, with what stood there, until it is saved or changed back.

function mark(row) {
  const changed = [...row.querySelectorAll("input:not([type=hidden])")].filter((input) => input.value !== input.defaultValue);
  const words = row.querySelector("[data-unsaved]");
  words.textContent = changed.length ? words.dataset.unsaved.replace("%s", changed.map((input) => input.defaultValue).join(", ")) : "";
  row.classList.toggle("stock--changed", changed.length > 0);
}

document.addEventListener("input", ({ target }) => {
  const row = target.closest("tr:has([data-unsaved])");
  if (row) mark(row);
});

// What a browser has kept of the page.
addEventListener("pageshow", () => document.querySelectorAll("tr:has([data-unsaved])").forEach(mark));
