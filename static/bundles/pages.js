/* Home page, content, forms, errors. */
import "../js/components/consent.js";
import "../js/components/embed.js";
import "../js/components/basket-count.js";
