# Opens connections to one port of one address, and asks by ARP who has the address: each when a line of standard input
# says so (`connect SOURCE-PORT`, `arping`). Answers a line each (see src/live/probe/node-shell.ts). Sends nothing to
# anywhere else, and ends with its input. For dash, busybox ash and bash.

LC_ALL=C
export LC_ALL

# What was given in front of this script, or nothing.
: "${vip:=}" "${port:=}" "${timeout:=3}" "${most:=0}" "${life:=60}"

has() {
  command -v "$1" >/dev/null 2>&1
}

# A line at once: several processes write.
say() {
  printf 'returnpath %s\n' "$*"
}

# busybox's date may know no parts of a second.
case $(date +%N) in '' | *[!0-9]*) coarse=yes ;; *) coarse= ;; esac
microseconds() {
  if [ -n "$coarse" ]; then
    read -r uptime _ </proc/uptime
    echo "${uptime%.*}${uptime#*.}0000"
  else
    echo $(($(date +%s%N) / 1000))
  fi
}

case $vip in *:*) family=-6 host="[$vip]" ;; *) family=-4 host=$vip ;; esac

# --- Connections: nothing is sent over them.

# A program that takes a port of its own; the plain nc of busybox has -p for listening alone.
choose_tool() {
  for nc in nc ncat 'busybox nc'; do
    has "${nc%% *}" || continue
    case $($nc -h 2>&1; $nc --help 2>&1) in
      *BusyBox*' -z'*) ;;
      *BusyBox*) continue ;;
      *-*z*) ;;
      *) continue ;;
    esac
    tool=scan
    return
  done
  has curl && curl -q --version | grep -qw telnet && tool=curl
}

connect() {
  begun=$(microseconds)
  case $tool in
    scan) text=$($nc -z -v -n -w "$timeout" -p "$1" "$vip" "$port" 2>&1) ;;
    curl) by_curl "$1" ;;
  esac
  status=$?
  : "${took:=$(($(microseconds) - begun))}"
  [ "$status" != 0 ] || text=
  say "tried $1 $status $took $(printf '%s' "$text" | tr '\n\t' '  ' | cut -c 1-400)"
}

# It has no way to end once it is connected, but by its time.
by_curl() {
  text=$(curl -q -sv --noproxy '*' --connect-timeout "$timeout" --max-time "$timeout" --local-port "$1" \
    -w '\nconnected after %{time_connect}\n' "telnet://$host:$port" 2>&1)
  status=$?
  after=$(printf '%s\n' "$text" | sed -n 's/^connected after //p')
  case $after in *[1-9]*) ;; *) return $status ;; esac
  # What became of it later than that, but by its time, is told.
  case $status in 0 | 28) ;; *) return $status ;; esac
  took=$(printf '%s\n' "$after" | sed 's/$/000000/; s/[.,]\([0-9]\{6\}\).*/\1/; s/^0*\([0-9]\)/\1/')
}

# --- ARP.

# What follows WORD in what `ip` says of the way to the VIP.
way() {
  ip -4 route get "$vip" 2>/dev/null | sed -n "s/.* $1 \([^ ]*\).*/\1/p" | head -n 1
}

arping_vip() {
  if has arping; then
    arping=arping
  elif has busybox; then
    arping='busybox arping'
  else
    say 'unasked there is no arping'
    return
  fi
  gateway=$(way via)
  if [ -n "$gateway" ]; then
    say "unasked it is not on a link of its own, but behind $gateway"
    return
  fi
  device=$(way dev)
  # The node has it itself: what is asked is who else does, on the link of its network.
  [ "$device" != lo ] || device=$(ip -4 route show match "$vip" scope link | sed -n 's/.* dev \([^ ]*\).*/\1/p' | tail -n 1)
  if [ -z "$device" ]; then
    say 'unasked there is no route to it'
    return
  fi
  # A question in the VIP's own name would tell all neighbours that it is here.
  own=$(ip -4 -o addr show dev "$device" | sed -n 's/.* inet \([0-9.]*\).*/\1/p' | grep -vxF "$vip" | head -n 1)
  if [ -z "$own" ]; then
    say "unasked there is no address on $device to ask from"
    return
  fi
  # -b: each question to all, not to the first who answered.
  text=$($arping -b -c 3 -I "$device" -s "$own" "$vip" 2>&1)
  case $text in
    *'ARPING '*) say "asked $device" $(printf '%s\n' "$text" | sed -n 's/.* reply from .* \[\([0-9A-Fa-f:]*\)\].*/\1/p' | tr A-F a-f | sort -u) ;;
    *) say "unasked $(printf '%s' "$text" | tail -n 1 | cut -c 1-200)" ;;
  esac
}

# --- The run.

# Where the connection hangs, nothing ends the input.
end_in_time() {
  while kill -0 $$ 2>/dev/null; do
    [ "$life" -gt 0 ] || { kill $$; return; }
    life=$((life - 1))
    sleep 1
  done
}
end_in_time </dev/null >/dev/null 2>&1 &

took=
if [ -z "$port" ] || choose_tool; then
  source=$(ip $family route get "$vip" 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p' | head -n 1)
  say "ready $source"
else
  say 'unable there is neither an nc that connects from a given port (OpenBSD, Nmap) nor a curl with telnet'
fi
while read -r what number; do
  case $what in
    connect)
      case $number in '' | *[!0-9]*) continue ;; esac
      [ "$most" -gt 0 ] && [ -n "$port" ] || continue
      most=$((most - 1))
      connect "$number" </dev/null &
      ;;
    arping) arping_vip </dev/null & ;;
  esac
done
