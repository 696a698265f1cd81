// The form of a new offer: the sums of its goods while quantities and texts are typed.

const total = document.querySelector("[data-total]");
const money = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: total.dataset.total });
const unit = 10 ** money.resolvedOptions().maximumFractionDigits;

total.closest("form").addEventListener("input", ({ target }) => {
  const rows = document.querySelectorAll("[data-price]");
  if (![...rows].some((row) => row.contains(target))) return;
  let sum = 0;
  for (const row of rows) {
    const text = row.querySelector("input[type=text]")?.value.trim();
    const each = Number(row.dataset.price) + (text ? Number(row.dataset.textPrice) : 0);
    const line = each * (parseInt(row.querySelector("input[type=number]").value, 10) || 0);
    row.querySelector("[data-line-total]").textContent = money.format(line / unit);
    sum += line;
  }
  total.textContent = money.format(sum / unit);
});
