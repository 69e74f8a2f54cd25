# --- The run.

# Ends when nobody listens any more: a line comes every few seconds.
watch_listener() {
  while IFS= read -r line; do
    # In place: that takes no room on a full disk.
    uptime_now 1<>"$dir/.heard"
    [ "$line" != abandon ] || (true >"$dir/.abandoned")
  done <&3
  (true >"$dir/.ended")
}

is_over() {
  [ -z "$stopping" ] || return 0
  [ -d "$dir" ] || return 0
  [ ! -f "$dir/.ended" ] || return 0
  [ "$seconds" = 0 ] || [ $(($(uptime_now) - begun)) -lt "$seconds" ] || return 0
  running || return 0
  # tcpdump goes on without a word, and what it writes later would be no capture.
  [ -n "$stream" ] || has_space || return 0
  is_forsaken 40
}

has_space() {
  { echo space >"$dir/.space"; } 2>/dev/null && [ -s "$dir/.space" ] && rm -f "$dir/.space"
}

# stop PROCESS...
stop() {
  for process in "$@"; do kill "$process" 2>/dev/null; done
  for process in "$@"; do wait "$process" 2>/dev/null; done
}

# What was asked for cannot be captured: nothing is left of the run.
give_up() {
  trap '' INT TERM HUP
  trap - EXIT
  stop_captures
  # shellcheck disable=SC2086 # numbers
  stop $followers $listener $guard
  put_back "$state"
  rm -rf "$work"
  [ -z "$1" ] || fail "$1"
  exit 2
}

finish() {
  trap '' INT TERM HUP
  trap - EXIT
  stop_captures
  [ ! -f "$dir/.abandoned" ] || give_up ''
  if [ -d "$dir" ] && ! has_space; then
    [ -n "$stream" ] || printf 'returnpath: no space is left in %s: the recording is cut off\n' "$out" >&2
    rm -f "$dir/.space"
  fi
  if [ -d "$dir" ]; then
    clock
    counters after
    settings
    poll_log
  fi
  [ -z "$instance" ] || echo 0 >"$instance/events/skb/kfree_skb/enable"
  [ -z "$followers" ] || short_sleep
  # shellcheck disable=SC2086 # numbers
  stop $followers
  put_back "$state" || note "some settings could not be put back: see $state, and -R"
  if [ -d "$dir" ]; then
    rm -f "$dir/.new" "$dir/.why"
    describe "$(now)"
  fi
  if [ -n "$stream" ]; then
    send_all
    printf '\001returnpath . 0 0\n' >&2
  fi
  # Till here somebody has to see to it that this does not hang.
  # shellcheck disable=SC2086 # numbers
  stop $listener $guard
  if [ -n "$stream" ]; then
    rm -rf "$work"
  elif [ -d "$dir" ]; then
    rm -f "$dir"/.[a-z]*
    pack
  fi
}

# What was recorded before may be all that there is of an incident. By this name no input is looked for.
keep_earlier() {
  [ -e "$archive" ] || [ -L "$archive" ] || return 0
  n=1
  # A link takes a name that another run may be after as well, or fails; not every file system has them.
  until ln "$archive" "$archive.~$n~" 2>/dev/null; do
    if [ ! -e "$archive.~$n~" ] && [ ! -L "$archive.~$n~" ]; then
      mv "$archive" "$archive.~$n~" || return 1
      break
    fi
    n=$((n + 1))
  done
  # Whoever is told may be gone, as with a terminal that was closed: what is done is done.
  printf 'returnpath: the earlier %s is %s now\n' "$archive" "$archive.~$n~" >&2 2>/dev/null || :
}

# Under its name there is never half an archive.
pack() {
  archive=$out/$node.tar.gz
  # Into a directory of that name it would be moved, and lie elsewhere than is said.
  # Of a name of its own: two runs may end at once.
  part=$archive.$$.part
  if [ ! -d "$archive" ] && tar -czf "$part" -C "$work" "$node" 2>/dev/null && keep_earlier && mv "$part" "$archive"; then
    rm -rf "$work"
    printf '%s\n' "$archive" 2>/dev/null || :
  else
    rm -f "$part"
    printf 'returnpath: no archive could be written, the bundle is the directory %s\n' "$dir" >&2
    printf '%s\n' "$dir"
  fi
}

# whole NAME VALUE
whole() {
  case $2 in *[!0-9]* | '' | ??????????*) fail "$1 $2: not a whole number" ;; esac
}

read_options() {
  while getopts n:o:t:i:v:f:s:C:W:MDRh option; do
    case $option in
      n) node=$OPTARG ;;
      o) out=$OPTARG ;;
      t) seconds=$OPTARG ;;
      i) interfaces="$interfaces $OPTARG" ;;
      v) vips="$vips $OPTARG" ;;
      f) filter=$OPTARG ;;
      s) snaplen=$OPTARG ;;
      C) megabytes=$OPTARG ;;
      W) files=$OPTARG ;;
      M) martians=yes ;;
      D) reasons=yes ;;
      R) restore=yes ;;
      h) usage; exit 0 ;;
      *) usage >&2; exit 2 ;;
    esac
  done
  shift $((OPTIND - 1))
  [ $# = 0 ] || fail "$1: not an option; -h tells them"
  : "${node:=$(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)}"
  case $node in */* | .* | -* | '' | *[[:cntrl:]]*) fail "$node: no name for a node" ;; esac
  whole -t "$seconds"
  whole -s "$snaplen"
  [ -z "$megabytes" ] || whole -C "$megabytes"
  [ -z "$files" ] || whole -W "$files"
  [ -z "$files" ] || [ -n "$megabytes" ] || fail '-W: say with -C how large a file is'
}

main() {
  # Who read what is said may be gone: it is written down and put back nevertheless.
  [ -n "$stream" ] || trap '' PIPE
  read_options "$@"
  if [ "$(id -u)" != 0 ]; then
    [ -z "$restore" ] || fail 'putting back takes root: run this with sudo'
    fail 'capturing takes root: run this with sudo'
  fi
  [ -z "$restore" ] || restore_all
  captures="" followers="" guard="" listener="" instance="" state="" stopping="" polled="" last_line="" quiet=""
  retell=""
  if [ -n "$stream" ]; then
    work=$(mktemp -d) || fail 'no temporary directory can be made'
  else
    # Beside the archive, for it may not fit anywhere else; and there to be read if this is killed.
    work=$out/returnpath-$node-$$
    mkdir -p "$work" 2>/dev/null || fail "$out: cannot be written"
  fi
  dir=$work/$node
  mkdir "$dir" 2>/dev/null || fail "$dir: cannot be made"
  (true >"$dir/collect.log")
  # This may itself be what is read from standard input.
  exec 3<&0 4>&1 </dev/null
  started=$(now)
  begun=$(uptime_now)
  { echo "$begun" >"$dir/.heard"; } 2>/dev/null
  state=$(states)/$$.state
  birth=$(birth_of $$)
  printf 'owner %s %s %s\n' $$ "$birth" "$(namespace)" >"$state"
  trap 'stopping=yes' INT TERM HUP
  trap 'finish' EXIT

  clock
  counters before
  describe ''
  settings
  if [ -n "$guarded" ]; then
    watch_listener 4>&- &
    listener=$!
    started_process "$(cat "/proc/$!/comm")"
  fi
  stand_by 3<&- 4>&- &
  guard=$!
  [ -z "$martians" ] || in_turn "$state" log_martians
  [ -z "$reasons" ] || trace_drops
  follow_log
  start_captures
  describe ''
  if [ -n "$stream" ]; then
    send_all
  else
    # What else captures has yet to begin.
    names=${interfaces# }
    [ -n "$stopping" ] || [ "$engine" != tcpdump ] || note "capturing on ${names:-any}; Ctrl-C ends it"
    [ -z "$guarded" ] || printf 'ready %s\n' "$dir"
  fi
  begun=$(uptime_now)
  until is_over; do
    sleep 1
    ask_captures
    poll_log
    retell
    [ -z "$stream" ] || send_growing
  done
  finish
}

# All of this is read before any of it is run.
{
  main "$@"
  exit
}
