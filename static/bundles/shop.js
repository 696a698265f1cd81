/* The shop: goods, basket, checkout, orders. */
import "./pages.js";
import "../js/components/basket.js";
import "../js/components/pictures.js";
