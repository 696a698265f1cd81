{% for entry in policies %}{% with newest=entry.lines|last %}{% if newest %}    curl -s {{ site }}/{{ entry.policy.slug|urlencode:"" }}/versions/{{ newest.version }}/record.json | sha256sum
{% endif %}{% endwith %}{% endfor %}
