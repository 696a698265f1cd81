"""What a production site must be told before it starts."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COMPLETE = {
    "SECRET_KEY": "x" * 40 + "-0123456789-abcdefgh",
    "ALLOWED_HOSTS": "www.example.com",
    "SITE_URL": "https://www.example.com",
    "DATABASE_URL": "postgres://site@localhost/site",
    "CACHE_URL": "rediscache://localhost:6379/1",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    "DEFAULT_FROM_EMAIL": "shop@example.com",
    "STRIPE_SECRET_KEY": "sk_live_0123456789",
    "STRIPE_WEBHOOK_SECRET": "whsec_0123456789abcdef",
}
