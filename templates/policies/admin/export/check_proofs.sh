    for folder in */version-*/; do
      python3 check_proof.py "${folder}proof.json" "${folder}record.json" > /dev/null || echo "NOT PROVEN: $folder"
    done
