# The site for production, without secrets: every value comes from the environment (.env.example).
# One image is all three: the web process (below), the worker and the release step (Procfile, compose.yaml).
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

WORKDIR /app

# Before the code, so that a change of the code does not install everything again.
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

COPY . .

# Production settings refuse to load without these; the values serve this one step and stay out of the image.
RUN SECRET_KEY=$(head -c 60 /dev/urandom | base64 -w 0) ALLOWED_HOSTS=build.invalid \
    SITE_URL=https://build.invalid DATABASE_URL=sqlite:////tmp/build.sqlite3 \
    EMAIL_URL=smtp://build.invalid DEFAULT_FROM_EMAIL=build@build.invalid \
    STRIPE_SECRET_KEY=sk_test_build STRIPE_TEST_MONEY=1 STRIPE_WEBHOOK_SECRET=whsec_0123456789abcdef \
    python manage.py collectstatic --no-input

# An account that can write only where files are kept; a new volume takes these owners over.
RUN useradd --system --uid 10001 --no-create-home site \
    && mkdir -p var/media var/private var/cache /backups \
    && chown site var var/media var/private var/cache /backups
USER site

EXPOSE 8000
# Asked under the site's own name: under another one Django refuses to answer.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/healthz/', headers={'Host': os.environ['ALLOWED_HOSTS'].split(',')[0].lstrip('.')}), timeout=4)"]

# One worker a core is enough for a small shop: WEB_WORKERS.
CMD ["python", "manage.py", "web", "--host", "0.0.0.0", "--port", "8000"]
