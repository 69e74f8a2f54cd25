#!/bin/bash
# Records fixtures/decode/*.pcap anew: real traffic of three network namespaces, client - router - server.
# Needs root, iproute2, nftables, tcpdump, ping and node.  Usage: test/lab/record-decode.sh [DIRECTORY]
set -euo pipefail
out=$(realpath "${1:-$(dirname "$0")/../../fixtures/decode}")
c=rpd-client r=rpd-router s=rpd-server
pids=()

cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for ns in $c $r $s; do ip netns del $ns 2>/dev/null || true; done
}
trap cleanup EXIT
in_ns() { local ns=$1; shift; ip netns exec "$ns" "$@"; }

for ns in $c $r $s; do
  ip netns add $ns
  ip -n $ns link set lo up
  in_ns $ns sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  # Every error is wanted, at once.
  in_ns $ns sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv4.icmp_msgs_per_sec=10000
done
ip -n $c link add eth0 address 02:00:00:00:01:01 type veth peer name eth0 netns $r address 02:00:00:00:01:fe
ip -n $r link add eth1 address 02:00:00:00:02:fe type veth peer name eth0 netns $s address 02:00:00:00:02:01
ip -n $c addr add 10.1.0.1/24 dev eth0; ip -n $c addr add fd01::1/64 dev eth0
ip -n $r addr add 10.1.0.254/24 dev eth0; ip -n $r addr add fd01::fe/64 dev eth0
ip -n $r addr add 10.2.0.254/24 dev eth1; ip -n $r addr add fd02::fe/64 dev eth1
ip -n $s addr add 10.2.0.1/24 dev eth0; ip -n $s addr add fd02::1/64 dev eth0
ip -n $c link set eth0 up; ip -n $s link set eth0 up; ip -n $r link set eth0 up; ip -n $r link set eth1 up
ip -n $c route add default via 10.1.0.254; ip -n $c route add default via fd01::fe
ip -n $s route add default via 10.2.0.254; ip -n $s route add default via fd02::fe
# A narrow second leg, for "fragmentation needed" and "packet too big".
ip -n $r link set eth1 mtu 1400

# NAME ID PORT LOCAL REMOTE NETWORK: a VXLAN between client and server with inner NETWORK.1 and NETWORK.2.
vxlan() {
  ip -n $c link add "$1" type vxlan id "$2" dstport "$3" local "$4" remote "$5"
  ip -n $s link add "$1" type vxlan id "$2" dstport "$3" local "$5" remote "$4"
  ip -n $c addr add "$6.1/24" dev "$1"; ip -n $s addr add "$6.2/24" dev "$1"
  ip -n $c link set "$1" up mtu 1200; ip -n $s link set "$1" up mtu 1200
}
vxlan vx4789 42 4789 10.1.0.1 10.2.0.1 10.3.0
vxlan vx8472 16777215 8472 10.1.0.1 10.2.0.1 10.4.0
vxlan vx6 66 4789 fd01::1 fd02::1 10.5.0
# One within another, and one to a machine that has none: the port unreachable quotes the packet inside.
vxlan nested 77 8472 10.3.0.1 10.3.0.2 10.6.0
ip -n $c link set nested mtu 1100; ip -n $s link set nested mtu 1100
ip -n $c link add lost type vxlan id 9 dstport 8472 local 10.1.0.1 remote 10.1.0.254
ip -n $c addr add 10.7.0.1/24 dev lost; ip -n $c link set lost up

in_ns $c nft -f - <<'N'
table inet t { chain sent { type filter hook output priority 0;
  tcp dport 81 ip ttl set 1
  tcp dport 81 ip6 hoplimit set 1
  }
}
N
in_ns $r nft -f - <<'N'
table inet t { chain forwarded { type filter hook forward priority 0;
  tcp dport 82 reject with icmpx admin-prohibited
  }
}
N

in_ns $s node -e '
  const net = require("net");
  net.createServer((s) => s.on("data", (d) => s.end(d)).on("error", () => {})).listen(8080, "::");
' & pids+=($!)

capture() { # FILE, then arguments of tcpdump
  local file=$1; shift
  in_ns $c tcpdump -q -Z root --immediate-mode -U -w "$out/$file" "$@" 2>/dev/null & pids+=($!)
}
capture ethernet.pcap -i eth0
capture ethernet-snapped.pcap -i eth0 -s 60
capture sll.pcap -i any -y LINUX_SLL
capture sll2.pcap -i any -y LINUX_SLL2 --time-stamp-precision=nano
capture sll2-snapped.pcap -i any -y LINUX_SLL2 -s 70
sleep 1.5

in_ns $c node -e '
  const net = require("net"), dgram = require("dgram");
  const talk = (host, port) => new Promise((done) => {
    const s = net.connect({ host, port }, () => s.write("x".repeat(100)));
    s.setTimeout(400, () => s.destroy());
    s.on("data", () => {}).on("error", () => {}).on("close", done);
  });
  const shout = (host, size) => new Promise((done) => {
    const s = dgram.createSocket(host.includes(":") ? "udp6" : "udp4");
    s.send(Buffer.alloc(size, 0x55), 9999, host, () => setTimeout(() => s.close(done), 50));
  });
  (async () => {
    for (const host of ["10.2.0.1", "fd02::1"]) {
      await talk(host, 8080);
      for (const port of [80, 81, 82]) await talk(host, port);
      await shout(host, 20);
      await shout(host, 3000);
    }
    for (const net of [3, 4, 5, 6]) {
      await talk(`10.${net}.0.2`, 8080);
      await shout(`10.${net}.0.2`, 20);
    }
  })();
'
for host in 10.2.0.1 fd02::1; do
  in_ns $c ping -q -c 1 -W 1 $host >/dev/null || true
  in_ns $c ping -q -c 1 -W 1 -s 3000 $host >/dev/null || true
  in_ns $c ping -q -c 1 -W 1 -t 1 $host >/dev/null || true
  in_ns $c ping -q -c 1 -W 1 -M do -s 1420 $host >/dev/null || true
done
in_ns $c ping -q -c 1 -W 1 -R 10.2.0.1 >/dev/null || true # IPv4 options: Record Route
in_ns $c ping -q -c 1 -W 1 10.6.0.2 >/dev/null || true
# Its ARP request inside cannot be answered: what is quoted is a whole frame.
in_ns $c ping -q -c 1 -W 1 10.7.0.9 >/dev/null || true
ip -n $c neigh add 10.7.0.8 lladdr 02:00:00:00:07:08 dev lost
in_ns $c ping -q -c 1 -W 1 10.7.0.8 >/dev/null || true
sleep 1
