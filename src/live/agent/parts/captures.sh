# --- Captures.

expression() {
  wanted_packets >"$dir/.expression"
  if [ -n "$stream" ] && [ -n "$interfaces" ]; then
    # One stream can be sent: of all interfaces, of which it leaves out the others.
    printf '%s\n' "($numbers) and ($(cat "$dir/.expression"))"
  else
    cat "$dir/.expression"
  fi
  rm -f "$dir/.expression"
}

interface_names() {
  ls /sys/class/net | tr '\n' ' ' | sed 's/ $//'
}

# Into `numbers`, as the filter names them.
number_interfaces() {
  numbers=
  set -f
  for interface in $interfaces; do
    if number=$(cat "/sys/class/net/$interface/ifindex" 2>/dev/null); then
      numbers="$numbers${numbers:+ or }ifindex $number"
    else
      note "$interface: there is no such interface; there are $(interface_names)"
    fi
  done
  set +f
}

wanted_packets() {
  if [ -n "$filter" ]; then
    # An `echo` of dash takes `\tcp`, as a filter has keywords, for a tab.
    printf '%s\n' "$filter"
    return
  fi
  if [ -z "$vips" ]; then
    echo "$everything"
    return
  fi
  text=$beside
  for vip in $vips; do text="$text or host $vip"; done
  echo "$text"
}

# capture_on INTERFACE NAME: in the background; its process is in $!.
capture_on() {
  log=$dir/$2.tcpdump.log
  # As another user it could write no second file.
  set -- "$1" "$2" -n -p -U -s "$snaplen" -B 65536 --time-stamp-precision=nano
  if [ "$1" = any ] && tcpdump -i any -L 2>&1 | grep -q LINUX_SLL2; then set -- "$@" -y LINUX_SLL2; fi
  if tcpdump --help 2>&1 | grep -q -- '-Z'; then set -- "$@" -Z root; fi
  [ -z "$megabytes" ] || set -- "$@" -C "$megabytes"
  [ -z "$files" ] || set -- "$@" -W "$files"
  interface=$1
  name=$2
  shift 2
  if [ -n "$stream" ]; then
    (true >"$log")
    tcpdump -i "$interface" "$@" -w - -- "$(expression)" 2>>"$log" >&4 3<&- &
  else
    tcpdump -i "$interface" "$@" -w "$dir/$name.pcap" -- "$(expression)" >"$log" 2>&1 3<&- 4>&- &
  fi
}

start_captures() {
  [ "$engine" = tcpdump ] || return 0
  if ! has tcpdump; then
    [ -n "$stream" ] || give_up 'there is no tcpdump on this node; install it, or run this in an image that has it'
    note 'no tcpdump: nothing is captured'
    stopping=yes
    return
  fi
  places=${interfaces:-any}
  if [ -n "$stream" ] && [ -n "$interfaces" ]; then
    number_interfaces
    [ -n "$numbers" ] || { note 'no interface to capture on'; stopping=yes; return; }
    places=any
  fi
  # A name may have what a shell takes for a pattern.
  set -f
  for place in $places; do
    set +f
    capture_on "$place" "$(printf '%s' "$place" | tr / -)"
    captures="$captures $!=$name"
    started_process tcpdump
    wait_for "$!" || {
      why=$(grep -v '^tcpdump: data link type' "$log" | head -n 1)
      why="$place: ${why:-tcpdump does not start}"
      case $why in *'No such device'*) why="$why; there are $(interface_names)" ;; esac
      # What tcpdump says of it lies on the same disk.
      has_space || why="$place: no space is left in $work"
      [ -n "$stream" ] || give_up "$why"
      note "$why"
      stopping=yes
    }
  done
  set +f
}

# Until tcpdump listens, or has ended.
wait_for() {
  turns=0
  until grep -q 'listening on' "$log" 2>/dev/null; do
    kill -0 "$1" 2>/dev/null || return 1
    turns=$((turns + 1))
    [ $turns -lt 50 ] || return 1
    short_sleep
  done
}

# interruption INTERFACE WHY: from now on nothing is captured there; node.json tells it.
interruption() {
  place=null
  [ "$1" = any ] || place="\"$(quoted "$1")\""
  printf '{"interface":%s,"from":"%s","until":null,"why":"%s"}\n' "$place" "$(now)" "$(quoted "$2")" \
    >>"$dir/.interruptions" 2>/dev/null
  retell=yes
}

# Whether anything is captured still. What has ended by itself is noted.
running() {
  [ "$engine" = tcpdump ] || return 0
  alive=
  for capture in $captures; do
    if kill -0 "${capture%%=*}" 2>/dev/null; then
      alive="$alive $capture"
    else
      log=$dir/${capture#*=}.tcpdump.log
      why="tcpdump ended before its time: $(tail -n 1 "$log" 2>/dev/null)"
      note "${capture#*=}: $why"
      interruption "${capture#*=}" "$why"
    fi
  done
  captures=$alive
  [ -n "$captures" ]
}

# Has each say how many packets it has, and how many the kernel dropped.
ask_captures() {
  for capture in $captures; do kill -USR1 "${capture%%=*}" 2>/dev/null; done
}

stop_captures() {
  for capture in $captures; do kill -TERM "${capture%%=*}" 2>/dev/null; done
  for capture in $captures; do wait "${capture%%=*}" 2>/dev/null; done
  captures=
}

follow_log() {
  if ! known dmesg || ! tool dmesg >/dev/null 2>&1; then
    note 'kernel.log: the kernel log cannot be read'
    return
  fi
  # What was logged before this began is in it as well, and so are lines that the ring has dropped when this ends.
  if has dmesg && dmesg --help 2>&1 | grep -q -- --follow; then
    # Appending: what was sent is cut off.
    dmesg --follow >>"$dir/kernel.log" 2>/dev/null 3<&- 4>&- &
    followers="$followers $!"
    started_process dmesg
  else
    polled=yes
    poll_log
  fi
}

# Appends what came since: lines that the ring has dropped meanwhile stay.
poll_log() {
  [ -n "$polled" ] || return 0
  tool dmesg >"$dir/.new" 2>/dev/null
  from=$(grep -nxF -e "$last_line" "$dir/.new" 2>/dev/null | tail -n 1 | cut -d: -f1)
  tail -n "+$((${from:-0} + 1))" "$dir/.new" >>"$dir/kernel.log" 2>/dev/null
  last_line=$(tail -n 1 "$dir/.new" 2>/dev/null)
  rm -f "$dir/.new"
}

