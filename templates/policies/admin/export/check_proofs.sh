    for folder in */version-*/; do
      python3 check_proof.py "${folder}proof.json" "${folder}record.json" > /dev/null || echo "NOT PROVEN: $folder"
      [ ! -e "${folder}withdrawal.json" ] || python3 check_proof.py "${folder}withdrawal-proof.json" > /dev/null || echo "NOT PROVEN: the withdrawal of $folder"
    done
