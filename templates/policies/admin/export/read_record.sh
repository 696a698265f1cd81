    python3 -m json.tool --no-ensure-ascii record.json
