/* Policies. */
import "../js/components/consent.js";
import "../js/components/basket-count.js";
import "../js/components/contents.js";
import "../js/components/proof-button.js";
