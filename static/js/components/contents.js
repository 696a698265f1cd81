/* Folds the contents of a policy once an entry was followed, where they would cover the text: on a narrow screen they
   stay at the top of the window.

   Markup: templates/components/toc.html. */

const isNarrow = matchMedia("(max-width: 63.99rem)");

for (const contents of document.querySelectorAll(".toc")) {
  contents.addEventListener("click", (event) => {
    if (isNarrow.matches && event.target.closest("a")) contents.open = false;
  });
}
