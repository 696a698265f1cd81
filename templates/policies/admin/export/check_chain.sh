    for policy in */; do
      previous=""
      for folder in "$policy"version-*/; do
        stated=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1], encoding="utf-8"))["previous_sha256"])' "${folder}record.json")
        [ "$stated" = "$previous" ] || echo "BROKEN: $folder does not follow the version before it"
        previous=$(sha256sum "${folder}record.json" | cut -d ' ' -f 1)
      done
      echo "$policy ends with $previous"
    done
