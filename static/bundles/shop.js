/* The shop: goods, basket, checkout, orders. */
import "../js/components/consent.js";
import "../js/components/embed.js";
import "../js/components/basket-count.js";
import "../js/components/basket.js";
