// The page of a message: inserts a saved reply where the cursor is, so that nothing else on the page is sent.

const box = document.querySelector("[data-saved-replies]");

box?.querySelector("button").addEventListener("click", (event) => {
  event.preventDefault();
  const chosen = box.querySelector("select").selectedOptions[0];
  const field = document.getElementById(box.dataset.savedReplies);
  if (!chosen.value) return;
  field.setRangeText(chosen.dataset.text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true })); // its height follows
  field.focus();
});
