{% for policy in policies %}{% if policy.newest %}    curl -s {{ address }}/{{ policy.policy|urlencode:"" }}/versions/{{ policy.newest }}/record.json | sha256sum
{% endif %}{% endfor %}
