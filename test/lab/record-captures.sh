#!/bin/bash
# Re-makes fixtures/captures: a few connections between two network namespaces, recorded and converted by the
# usual tools (tcpdump, dumpcap, editcap, mergecap, gzip, zstd). Run as root; everything stays in namespaces.
set -euo pipefail
out=$(cd "$(dirname "$0")/../.." && pwd)/fixtures/captures
a=rpc-a b=rpc-b
work=$(mktemp -d)
recorders=()

cleanup() {
  for pid in "${recorders[@]}"; do kill "$pid" 2>/dev/null || true; done
  ip netns delete $a 2>/dev/null || true
  ip netns delete $b 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

ip netns add $a
ip netns add $b
ip -n $a link add eth0 type veth peer name eth0 netns $b
ip -n $a link add eth1 type veth peer name eth1 netns $b
for n in 0 1; do
  ip -n $a address add 10.9.$n.1/24 dev eth$n
  ip -n $b address add 10.9.$n.2/24 dev eth$n
  ip -n $a address add fd09:$n::1/64 dev eth$n nodad
  ip -n $b address add fd09:$n::2/64 dev eth$n nodad
done
for ns in $a $b; do
  for dev in lo eth0 eth1; do ip -n $ns link set $dev up; done
done
sleep 1

record() { ip netns exec "$1" "${@:2}" 2>/dev/null & recorders+=($!); }
record $b tcpdump -Z root -U -i eth0 -w "$work/ethernet.pcap"
record $b tcpdump -Z root -U -i eth0 --time-stamp-precision=nano -w "$work/ethernet-nano.pcap"
record $b tcpdump -Z root -U -i eth0 -s 60 -w "$work/snapped.pcap"
record $b tcpdump -Z root -U -i any -y LINUX_SLL -w "$work/cooked.pcap"
record $b tcpdump -Z root -U -i any -y LINUX_SLL2 --time-stamp-precision=nano -w "$work/cooked2-nano.pcap"
record $b dumpcap -q -i eth0 -f 'tcp or arp' -i eth1 -w "$work/dumpcap.pcapng"
sleep 2

ip netns exec $b python3 -c '
import socket, threading
server = socket.create_server(("::", 8080), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    peer, _ = server.accept()
    peer.sendall(peer.recv(100) * 20)
    peer.close()
' & recorders+=($!)
sleep 1
ip netns exec $a python3 -c '
import socket
for host in "10.9.0.2", "10.9.1.2", "fd09:0::2", "fd09:1::2":
    with socket.create_connection((host, 8080)) as peer:
        peer.sendall(host.encode() * 4)
        while peer.recv(4096): pass
for host in "10.9.0.2", "10.9.1.2":
    try: socket.create_connection((host, 81))
    except ConnectionRefusedError: pass
'
ip netns exec $a ping -q -c 2 -i 0.2 10.9.0.2 >/dev/null
sleep 1
for pid in "${recorders[@]}"; do kill -INT "$pid" 2>/dev/null || true; done
sleep 1

mkdir -p "$out"
cp "$work"/*.pcap "$work"/*.pcapng "$out"
cd "$out"
editcap -F pcapng ethernet.pcap editcap.pcapng
editcap -F pcapng ethernet-nano.pcap editcap-nano.pcapng
mergecap -F pcapng -w mergecap.pcapng ethernet-nano.pcap cooked.pcap dumpcap.pcapng
editcap -F modpcap ethernet.pcap modified.pcap.unsupported
editcap -F snoop ethernet.pcap snoop.unsupported
editcap -F netmon2 ethernet.pcap netmon.unsupported
gzip -9 -n -c ethernet.pcap > ethernet.pcap.gz
zstd -q -19 -c dumpcap.pcapng > dumpcap.pcapng.zst
chmod 644 ./*
ls -l
