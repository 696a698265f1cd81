/* The number in the header, from the one cookie that the basket sets for it.

   Markup: templates/components/basket_link.html. */

const COUNT = /(?:^|; )basket_count=(\d{1,6})(?:;|$)/;

/** Show in the header what the cookie says; without a cookie, nothing. */
export function showCount() {
  const count = COUNT.exec(document.cookie)?.[1];
  for (const place of document.querySelectorAll("[data-basket-count]")) {
    place.textContent = count ?? "";
    place.hidden = !count;
  }
}

window.addEventListener("pageshow", showCount); // another page, or this one out of the browser's memory
document.addEventListener("visibilitychange", () => document.hidden || showCount()); // another tab
showCount();
