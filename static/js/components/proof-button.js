/* Offers the check of a version where the browser can do it (Web Crypto, so HTTPS). The check itself, policy-proof.js,
   is loaded when somebody asks for it.

   Markup: templates/components/policy_record.html. */

async function load(place) {
  const { script, messageChecking, messageFailed } = place.dataset;
  const result = place.querySelector("[data-proof-result]");
  result.textContent = messageChecking;
  try {
    await import(script);
  } catch (problem) {
    console.warn(problem);
    result.textContent = messageFailed;
    offer(place);
  }
}

function offer(place) {
  place.querySelector("[data-proof-check]").addEventListener("click", () => load(place), { once: true });
}

if (globalThis.crypto?.subtle) {
  for (const place of document.querySelectorAll("[data-policy-proof]")) {
    offer(place);
    place.hidden = false;
  }
}
