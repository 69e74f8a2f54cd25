# --- What is changed on the node, and put back.

namespace() {
  readlink /proc/self/ns/net
}

mounts() {
  readlink /proc/self/ns/mnt
}

# Where what was changed is written down, for who puts it back: on the node, not in a pod that is gone then.
states() {
  for place in /host/run/returnpath /run/returnpath; do
    case $place in /host/*) [ -d /host/proc ] && [ -d /host/run ] || continue ;; esac
    mkdir -p "$place" 2>/dev/null && [ -w "$place" ] && { echo "$place"; return; }
  done
  echo "$dir"
}

# When a process began, which tells it from a later one of the same number; nothing where it has ended, though nobody
# may have asked how.
birth_of() {
  # Who asks may be ended meanwhile: that there is nobody to tell is not worth a line.
  sed -n 's/.*) \([^Z] .*\)/\1/p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20 2>/dev/null
}

# is_under_way STATE: the run that wrote it.
is_under_way() {
  { read -r _ owner birth _ <"$1"; } 2>/dev/null || return 1
  [ -n "$birth" ] && [ "$(birth_of "$owner")" = "$birth" ]
}

# in_turn STATE COMMAND...: runs on one node share a setting, so that they change it one after the other.
in_turn() {
  lock=${1%/*}/lock
  shift
  turns=0
  until mkdir "$lock" 2>/dev/null; do
    turns=$((turns + 1))
    # Whoever held it was killed.
    [ $turns -lt 25 ] || break
    short_sleep
  done
  "$@"
  outcome=$?
  rmdir "$lock" 2>/dev/null
  return $outcome
}

martian_key=/proc/sys/net/ipv4/conf/all/log_martians

# values_of_others STATE [killed]: what log_martians was before other runs that are under way here; or before those too
# that were killed, and have not been put back.
values_of_others() {
  for other in "${1%/*}"/*.state; do
    [ "$other" != "$1" ] && [ -f "$other" ] || continue
    [ -n "${2:-}" ] || is_under_way "$other" || continue
    while read -r what where value; do
      [ "$what $where" != "martians $(namespace)" ] || echo "$value"
    done <"$other"
  done
}

log_martians() {
  was=$(cat "$martian_key")
  before=$(values_of_others "$state" killed | sed -n 1p)
  [ "$was" = 0 ] || [ -n "$before" ] || return 0
  printf 'martians %s %s\n' "$(namespace)" "${before:-$was}" >>"$state"
  if [ "$was" != 0 ]; then
    note "net.ipv4.conf.all.log_martians is $was by another run; the last to end sets it to $before"
  elif (echo 1 >"$martian_key") 2>/dev/null; then
    note "net.ipv4.conf.all.log_martians was $was, is 1 until this ends"
  else
    note 'net.ipv4.conf.all.log_martians cannot be set: martian packets are not logged'
  fi
}

tracing=/sys/kernel/tracing

trace_drops() {
  if [ ! -d $tracing/instances ]; then
    mount -t tracefs tracefs $tracing 2>/dev/null && echo "mount $(mounts)" >>"$state"
  fi
  event=events/skb/kfree_skb
  if ! grep -q 'enum skb_drop_reason reason' $tracing/$event/format 2>/dev/null; then
    note 'drops.txt: this kernel tells no drop reasons (5.17 and later do)'
    return
  fi
  instance=$tracing/instances/returnpath-$$
  printf 'instance %s\n' "$instance" >>"$state"
  if ! mkdir "$instance" 2>/dev/null; then
    note 'drops.txt: no tracefs instance can be made'
    instance=
    return
  fi
  # Those that say nothing of a lost packet come in floods. A filter takes numbers, which differ between kernels.
  terms=
  for reason in NOT_SPECIFIED SOCKET_CLOSE UNIX_DISCONNECT; do
    number=$(sed -n 's/.*{ *\([0-9]*\), "'$reason'" }.*/\1/p' $tracing/$event/format)
    [ -z "$number" ] || terms="$terms${terms:+ && }reason != $number"
  done
  [ -z "$terms" ] || echo "$terms" >"$instance/$event/filter"
  echo 1 >"$instance/$event/enable"
  cat "$instance/trace_pipe" >>"$dir/drops.txt" 2>/dev/null 3<&- 4>&- &
  followers="$followers $!"
  started_process cat
  note "the event skb:kfree_skb is traced in $instance until this ends"
}

# started_process NAME: what runs in the background, which nothing would end if this were killed.
started_process() {
  printf 'process %s %s\n' "$!" "$1" >>"$state"
}

end_processes() {
  [ -f "$1" ] || return 0
  while read -r what process name; do
    [ "$what" = process ] || continue
    [ "$(cat "/proc/$process/comm" 2>/dev/null)" = "$name" ] || continue
    ! kill "$process" 2>/dev/null || told "process $process ($name) was ended"
  done <"$1"
}

# What was put back, where that was asked for; a run tells of its own changes itself.
told() {
  [ -n "$restore" ] || return 0
  echo "put back: $*"
  found=told
}

# put_back STATE: exit status 1 where something of it could not be.
put_back() {
  [ ! -f "$1" ] || in_turn "$1" put_back_alone "$1"
}

put_back_alone() {
  left=0
  mounted=
  while read -r what where value; do
    case $what in
      martians)
        if [ "$where" != "$(namespace)" ]; then
          put_back_inside "$where" "$value" || left=1
        elif [ -n "$(values_of_others "$1")" ]; then
          note "net.ipv4.conf.all.log_martians stays 1 for another run; the last to end sets it to $value"
        elif [ "$(cat "$martian_key")" = 1 ]; then
          if (echo "$value" >"$martian_key") 2>/dev/null; then
            told "net.ipv4.conf.all.log_martians is $value again"
          else
            note "net.ipv4.conf.all.log_martians cannot be set to $value: it is still 1"
            left=1
          fi
        fi
        ;;
      instance)
        if [ ! -d "$tracing/instances" ]; then
          mount -t tracefs tracefs "$tracing" 2>/dev/null && mounted=yes
        fi
        if [ -d "$where" ]; then
          (echo 0 >"$where/events/skb/kfree_skb/enable") 2>/dev/null
          if rmdir "$where" 2>/dev/null || { sleep 1; rmdir "$where" 2>/dev/null; }; then
            told "the tracing in $where was ended"
          else
            note "the tracing in $where cannot be ended: something else reads it"
            left=1
          fi
        fi
        ;;
      # Another run's may be of another mount namespace: what is mounted here is not its own.
      mount) [ "$where" != "$(mounts)" ] || mounted=yes ;;
    esac
  done <"$1"
  [ -z "$mounted" ] || ! umount "$tracing" 2>/dev/null || told "$tracing was unmounted"
  [ $left = 1 ] || rm -f "$1"
  return $left
}

# put_back_inside NAMESPACE VALUE: of log_martians, in another network namespace, if it is there still.
put_back_inside() {
  inside=""
  for way in /run/netns/* /proc/[0-9]*/ns/net; do
    [ "net:[$(stat -L -c %i "$way" 2>/dev/null)]" = "$1" ] && inside=$way && break
  done
  [ -n "$inside" ] || return 0
  nsenter "--net=$inside" sh -c 'echo "$1" >"$2"' sh "$2" "$martian_key" 2>/dev/null && {
    told "net.ipv4.conf.all.log_martians is $2 again in another network namespace ($inside)"
    return
  }
  note "net.ipv4.conf.all.log_martians is still 1 in another network namespace ($inside)"
  return 1
}

# Where this is killed, or hangs in sending to nobody, somebody has to put back what it changed.
stand_by() {
  while [ "$(birth_of $$)" = "$birth" ] && ! is_forsaken 60; do sleep 2; done
  end_children
  kill -KILL $$ 2>/dev/null
  end_processes "$state"
  sleep 1
  put_back "$state"
  [ -z "$stream" ] || rm -rf "$work"
}

# Those of the run but this one; they may be writing to nobody.
end_children() {
  read -r self _ </proc/self/stat
  for stat in /proc/[0-9]*/stat; do
    { read -r process _ _ parent _ <"$stat"; } 2>/dev/null || continue
    [ "$parent" != $$ ] || [ "$process" = "$self" ] || kill -KILL "$process" 2>/dev/null
  done
}

# is_forsaken SECONDS: nobody was heard of for so long.
is_forsaken() {
  [ -n "$guarded" ] && [ $(($(uptime_now) - $(number_in "$dir/.heard" "$begun"))) -ge "$1" ]
}

restore_all() {
  dir=$(mktemp -d) || exit 2
  found=0
  status=0
  for state in /host/run/returnpath/*.state /run/returnpath/*.state; do
    [ -f "$state" ] || continue
    found=1
    if is_under_way "$state"; then
      echo "a run is under way (process $owner): left alone"
      continue
    fi
    found=$state
    end_processes "$state"
    sleep 1
    put_back "$state" || status=1
    [ "$found" != "$state" ] || [ $status = 1 ] || echo "a run that was killed (process $owner) left nothing changed"
  done
  [ "$found" != 0 ] || echo 'nothing to put back'
  rm -rf "$dir"
  exit $status
}

