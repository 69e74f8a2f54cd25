# --- What was recorded, told in node.json.

quoted() {
  printf '%s' "$1" | sed 's/[\\"]/\\&/g' | tr -d '\000-\037'
}

describe() {
  separator=
  {
    printf '{"format":"returnpath-bundle/1","node":"%s","recorder":"%s","started":"%s"' \
      "$(quoted "$node")" "$(quoted "returnpath $version")" "$started"
    [ -z "$1" ] || printf ',"ended":"%s"' "$1"
    printf ',"captures":['
    for log in "$dir"/*.tcpdump.log "$dir"/*.cap.log; do
      [ -f "$log" ] || continue
      name=$(basename "$log" ".$engine.log")
      dropped=$(sed -n 's/^\([0-9]*\) packets\{0,1\} dropped by kernel.*/\1/p' "$log" | tail -n 1)
      printf '%s{"name":"%s","engine":"%s","dropped":%s}' "$separator" "$(quoted "$name")" "$engine" "${dropped:-null}"
      separator=,
    done
    printf ']'
    [ ! -s "$dir/.interruptions" ] || printf ',"interruptions":[%s]' "$(tr '\n' ',' <"$dir/.interruptions" | sed 's/,$//')"
    printf '}\n'
  } >"$dir/.new" 2>/dev/null && is_whole node.json && mv "$dir/.new" "$dir/node.json"
}

# What has changed meanwhile is in node.json also where this is killed. Who captures beside it leaves a file.
retell() {
  [ -n "$retell" ] || [ -f "$dir/.retell" ] || return 0
  retell=
  rm -f "$dir/.retell"
  describe ''
}

now() {
  date -u +%Y-%m-%dT%H:%M:%SZ
}

# --- Sending, as it grows: `returnpath FILE OFFSET OCTETS`, a line, and so many octets of the file.

send() {
  size=$(wc -c <"$dir/$1" 2>/dev/null) || return 0
  size=$((size))
  sent=$(number_in "$dir/.sent-$1" 0)
  gone=$(number_in "$dir/.gone-$1" 0)
  case $1 in
    kernel.log | drops.txt | collect.log | *.tcpdump.log) grows=yes ;;
    *) grows="" sent=0 ;;
  esac
  # What is written anew is sent anew.
  [ "$size" -ge "$sent" ] || sent=0
  [ "$size" -gt "$sent" ] || [ "$size" = 0 ] || return 0
  [ "$size" != 0 ] || [ "$gone" = 0 ] || return 0
  printf '\001returnpath %s %s %s\n' "$1" "$((gone + sent))" "$((size - sent))" >&2
  tail -c "+$((sent + 1))" "$dir/$1" | head -c "$((size - sent))" >&2
  echo "$size" >"$dir/.sent-$1"
  [ -z "$grows" ] || give_back "$1"
}

# What was sent need not be kept, however long this runs. A hole loses nothing; who cuts a file off loses what is written
# at that moment, so that it waits for one at which nothing is.
give_back() {
  [ $((size - $(number_in "$dir/.hole-$1" 0))) -gt 1000000 ] || return 0
  if fallocate -p -o 0 -l "$size" "$dir/$1" 2>/dev/null; then
    echo "$size" >"$dir/.hole-$1"
  elif [ "$(($(wc -c <"$dir/$1")))" = "$size" ] || [ "$size" -gt 20000000 ]; then
    (true >"$dir/$1")
    echo $((gone + size)) >"$dir/.gone-$1"
    echo 0 >"$dir/.sent-$1"
  fi
}

send_growing() {
  for name in kernel.log drops.txt collect.log; do [ ! -f "$dir/$name" ] || send $name; done
  for log in "$dir"/*.tcpdump.log; do [ ! -f "$log" ] || send "$(basename "$log")"; done
}

send_all() {
  for path in "$dir"/*; do
    case $path in *.pcap) ;; *) [ ! -f "$path" ] || send "$(basename "$path")" ;; esac
  done
}

