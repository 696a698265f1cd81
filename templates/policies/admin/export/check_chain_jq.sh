        stated=$(jq -r .previous_sha256 "${folder}record.json")
