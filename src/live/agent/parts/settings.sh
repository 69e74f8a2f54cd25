# --- How the node is set up.

# The file keeps the name that it has by nstat; what is in it says who wrote it.
counters() {
  quiet=yes
  save "nstat-$1.json" nstat -a -s -z --json && return
  if cat /proc/net/snmp /proc/net/netstat /proc/net/snmp6 >"$dir/.new" 2>/dev/null || [ -s "$dir/.new" ]; then
    mv "$dir/.new" "$dir/nstat-$1.json"
  else
    note "nstat-$1.json: there are no counters"
  fi
}

clock() {
  case $(date +%s.%N) in
    *[0-9].[0-9]*[0-9]) ;;
    # A `date` of whole seconds: read as one begins.
    *) turn=$(date +%s); while [ "$(date +%s)" = "$turn" ]; do :; done ;;
  esac
  { date +%s.%N; cat /proc/uptime; } 2>/dev/null | sed 's/\.%N$//; s/\.N$//' >"$dir/.new" 2>/dev/null
  [ ! -s "$dir/.new" ] || mv "$dir/.new" "$dir/clock.txt"
}

# listing NAME COMMAND...: as JSON, or as text of an `ip` that has none.
listing() {
  name=$1
  shift
  quiet=yes
  save "ip-$name.json" ip -j "$@" && { rm -f "$dir/ip-$name.txt"; return; }
  # Nor has it details.
  if [ "$1" = -d ] && ! ip -d link show >/dev/null 2>&1; then shift; fi
  quiet=
  save "ip-$name.txt" ip "$@"
}

settings() {
  listing addr addr show
  listing link -d link show
  listing route -4 route show table all
  listing route6 -6 route show table all
  listing rule -4 rule show
  listing rule6 -6 rule show
  listing neigh neigh show
  sysctls
  quiet=
  save nft.json nft -j list ruleset
  # Some versions (1.0.6) do not say in JSON at which device a chain hangs.
  if grep -Eqs '"hook": "(in|e)gress", "prio": -?[0-9]+, "policy": "[a-z]+"}' "$dir/nft.json"; then
    save nft.txt nft -a list ruleset && rm -f "$dir/nft.json"
  fi
  save iptables-save.txt iptables-save
  save ip6tables-save.txt ip6tables-save
  quiet=yes
  save conntrack.txt conntrack -L || {
    if [ -r /proc/net/nf_conntrack ]; then
      cat /proc/net/nf_conntrack >"$dir/.new" && mv "$dir/.new" "$dir/conntrack.txt"
    else
      note 'conntrack.txt: there is no conntrack'
    fi
  }
  save ipvsadm.txt ipvsadm -Ln
  save ipset.txt ipset save
  quiet=
}

sysctls() {
  quiet=yes
  save sysctl.txt sysctl -a -r '^net\.' && return
  sysctl -a 2>/dev/null | grep '^net\.' >"$dir/.new"
  # As sysctl prints them: dots between the words of a key, and a slash for an interface's dot.
  [ -s "$dir/.new" ] || grep -rs '' /proc/sys/net 2>/dev/null |
    sed 's#^/proc/sys/##; h; s/:.*//; y#./#/.#; G; s/\n[^:]*:/ = /' >"$dir/.new"
  if [ -s "$dir/.new" ]; then mv "$dir/.new" "$dir/sysctl.txt"; else note 'sysctl.txt: sysctl lists nothing'; fi
}

