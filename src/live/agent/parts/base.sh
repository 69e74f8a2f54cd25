# Records what one node sees into a bundle of returnpath's: packets, kernel log, drop reasons, and how the node is set up.
# For dash, busybox ash and bash; needs root and tcpdump. What a node lacks is left out and noted in collect.log.
#
# With stream=yes nothing is kept here: the capture goes to standard output as it is, and everything else to standard
# error, in frames (see src/live/frames.ts). Standard input then has a line every few seconds from who listens.

usage() {
  cat <<END
usage: sh returnpath-collect.sh [-n NODE] [-o DIR] [-t SECONDS] [-i INTERFACE]... [-v VIP]... [-f FILTER]
                                [-s OCTETS] [-C MEGABYTES [-W FILES]] [-M] [-D]
       sh returnpath-collect.sh -R

  -n NODE       the node's name (its hostname)
  -o DIR        where NODE.tar.gz is written (here)
  -t SECONDS    how long to capture; 0: until interrupted ($seconds)
  -i INTERFACE  capture there, may be given again (${interfaces:-any})
  -v VIP        leave out what other connections carry; their beginnings and ends stay, for NAT hides the VIP (${vips:-none})
  -f FILTER     a filter of tcpdump's own (${filter:-none})
  -s OCTETS     of each packet ($snaplen)
  -C MEGABYTES  begin another file after so many
  -W FILES      keep so many of them, the newest
  -M            have the kernel log martian packets while this runs (sets net.ipv4.conf.all.log_martians; ${martians:-no})
  -D            record the kernel's drop reasons while this runs (a tracefs instance of its own; ${reasons:-no})
  -R            put back what a run that was killed has changed
END
}

umask 077
LC_ALL=C
export LC_ALL

# What was given in front of this script, or nothing.
: "${node:=}" "${out:=.}" "${seconds:=30}" "${interfaces:=}" "${vips:=}" "${filter:=}" "${snaplen:=192}"
: "${megabytes:=}" "${files:=}" "${martians:=}" "${reasons:=}" "${stream:=}" "${engine:=tcpdump}" "${guarded:=}"
: "${restore:=}" "${version:=}" "${everything:=}" "${beside:=}"

# A thing that is missing twice is said once.
note() {
  ! grep -qxF -e "$*" "$dir/collect.log" 2>/dev/null || return 0
  printf '%s\n' "$*" >>"$dir/collect.log" 2>/dev/null
  [ -n "$stream" ] || printf 'returnpath: %s\n' "$*" >&2
}

fail() {
  printf 'returnpath: %s\n' "$*" >&2
  exit 2
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# A debugging pod has the node's own file system below /host, whose tools fit the node's kernel.
known() {
  has "$1" || { [ -d /host/proc ] && chroot /host sh -c 'command -v "$1"' sh "$1" >/dev/null 2>&1; }
}

tool() {
  if has "$1"; then "$@"; else chroot /host "$@"; fi
}

# Seconds since boot: the clock of a node may be set meanwhile.
uptime_now() {
  cut -d. -f1 /proc/uptime
}

# number_in FILE DEFAULT: what a full disk left of the file may be no number.
number_in() {
  number=$(cat "$1" 2>/dev/null)
  case $number in '' | *[!0-9]*) number=$2 ;; esac
  echo "$number"
}

short_sleep() {
  sleep 0.2 2>/dev/null || sleep 1
}

# save FILE COMMAND...: replaces the file at once, or leaves it. With `quiet` who calls says what is missing.
save() {
  target=$1
  shift
  if ! known "$1"; then
    [ -n "$quiet" ] || note "$target: there is no $1"
    return 1
  fi
  # `sysctl -a` and its like fail for a single key that may not be read.
  if { tool "$@" >"$dir/.new" 2>"$dir/.why" || [ -s "$dir/.new" ]; } && is_whole "$target"; then
    mv "$dir/.new" "$dir/$target"
    return 0
  fi
  [ -n "$quiet" ] || note "$target: $1: $(head -n 1 "$dir/.why")"
  rm -f "$dir/.new"
  return 1
}

# Where the disk is full a program may write a half, and not say so.
is_whole() {
  case $1 in *.json) ;; *) return 0 ;; esac
  case $(tail -c 4 "$dir/.new" | tr -d ' \n') in *']' | *'}') return 0 ;; *) return 1 ;; esac
}

