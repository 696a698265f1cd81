/* The pictures of a product: the one that is clicked, or that of the variant that is chosen, stands first and large.
   The price follows the variant too. Without it, each picture opens by its link, and each variant states its price.

   Markup: templates/store/product_page.html. */

const shelf = document.querySelector("[data-pictures]");

function putFirst(picture) {
  const before = shelf.firstElementChild;
  if (!picture || picture === before) return;
  const sizes = [picture, before].map((one) => one.querySelector("[sizes]")?.getAttribute("sizes"));
  shelf.prepend(picture);
  [before, picture].forEach((one, place) => {
    for (const part of one.querySelectorAll("[sizes]")) part.setAttribute("sizes", sizes[place] ?? "");
  });
}

shelf?.addEventListener("click", (event) => {
  const picture = event.target.closest("[data-picture]");
  if (!picture || picture === shelf.firstElementChild) return; // the first opens by its link
  event.preventDefault();
  putFirst(picture);
  picture.querySelector("a").focus();
});

document.addEventListener("change", (event) => {
  const price = event.target.closest(".variant")?.querySelector(".variant__price");
  const shown = document.querySelector("[data-price]");
  if (price && shown) shown.textContent = price.textContent;
  const { shows } = event.target.dataset;
  if (shows) putFirst(shelf.querySelector(`[data-picture="${shows}"]`));
});
