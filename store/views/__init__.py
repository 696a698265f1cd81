"""The shop's views: basket, checkout, orders, Stripe's messages. They read requests and choose words, no more."""
