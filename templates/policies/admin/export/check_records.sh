    for folder in */version-*/; do
      (cd "$folder" && sha256sum --check --quiet record.json.sha256) || echo "BROKEN: $folder"
    done
