/** Rules of every kind that the running kernel may take, and that the text has to tell as the JSON does. */
export const GRAMMAR = `table inet t {
 set s1 { type ipv4_addr; flags interval,timeout; auto-merge; timeout 90s; elements = { 10.0.0.1 timeout 5m comment "x", 10.2.0.0/16 } }
 set s2 { typeof ip saddr . tcp dport; flags dynamic; size 100; counter; }
 map m1 { typeof ip daddr : meta mark; counter; elements = { 10.0.0.1 counter packets 5 bytes 6 : 0x5 } }
 counter c1 { packets 3 bytes 4 }
 quota q1 { over 25 mbytes }
 limit l1 { rate over 10/second burst 7 packets }
 limit l2 { rate 10 mbytes/second }
 ct helper h1 { type "ftp" protocol tcp; l3proto ip; }
 synproxy sp { mss 1460; wscale 7; timestamp sack-perm; }
 chain c {
  comment "hi there"
  type filter hook forward priority mangle + 7; policy drop;
  tcp flags & (fin | syn | rst | ack) == syn
  tcp flags syn,ack
  tcp flags syn / syn,ack
  tcp flags & (fin|syn) == 0
  tcp flags != syn,ack
  tcp option maxseg size set rt mtu
  tcp option sack exists
  ip dscp { cs1, af11 }
  icmp type { echo-request, echo-reply }
  meta hour "10:00"-"12:00"
  meta skuid 0
  quota name "q1" 
  limit name "l1"
  counter name "c1"
  limit rate 10 mbytes/second burst 5 kbytes
  limit rate 100/minute burst 10 packets
  ct helper set "h1"
  add @s2 { ip saddr . tcp dport limit rate over 5/minute burst 5 packets }
  meter x { ip saddr limit rate 5/second } drop
  log prefix "a b: " flags all
  log group 5 snaplen 100 queue-threshold 7
  log flags tcp sequence,options flags ip options
  queue num 0-3 bypass,fanout
  queue
  synproxy name "sp"
  ct label set 5
  ct zone set 5
  ct event set new,destroy
  ct state != { new, established }
  ct state & (established|related) != 0
  ct status snat,dnat
  meta priority set 1:2
  meta nftrace set 1
  exthdr frag exists
  frag id 5
  ip6 nexthdr ipv6-icmp
  ether saddr 00:11:22:33:44:55 
  ether type ip
  meta protocol ip ip saddr 1.2.3.4
  iif lo
  iif "lo" oif "lo"
  ip saddr & 255.255.255.0 == 10.0.0.0
  ip saddr . tcp dport vmap { 10.0.0.1 . 1-443 : drop, 10.0.0.0/8 . 5 : accept }
  ct packets > 5
  ct avgpkt 200-600
  symhash mod 2 0
  socket transparent 1 meta mark set 1
  rt ip nexthop 10.0.0.1
  vlan id 5
  fib saddr . mark . iif oif exists
  fib daddr oifname "lo"
  ip length 100-200
  ip ttl < 5
  ip6 hoplimit >= 5
  ip id 7
  ip frag-off & 0x1fff != 0
  th dport 80
  @th,16,16 80
  udp length > 5
  meta random < 5
  meta pkttype broadcast
  meta iifkind "veth"
  meta time "2024-01-01 00:00:00"
  sctp chunk init exists
  ip option rr exists
  notrack accept
  reject with icmpx admin-prohibited
  reject with icmpv6 no-route
  ip saddr != @s1
  meta mark & 0x1 | 0x2 == 3
  meta mark set ip saddr map { 10.0.0.1 : 0x5, 10.2.0.0/24 : 7 }
  jhash ip saddr . tcp dport mod 5 seed 0xdead offset 3 5
  counter comment "c c"
 }
 chain n { type nat hook prerouting priority dstnat - 5; 
  tcp dport 80 dnat ip to 10.0.0.1-10.0.0.4:80-90 random,persistent
  tcp dport 80 redirect to :tcp dport map { 80 : 8080 }
  udp dport 53 dnat ip to 10.0.0.1:udp dport map { 53 : 80 }
  dnat ip6 to fd00::1-fd00::5
  dnat ip to ip saddr . tcp dport map { 10.0.0.1 . 80 : 10.0.0.2 . 81 }
 }
 chain p { type filter hook prerouting priority -300;
  meta l4proto tcp tproxy ip to 127.0.0.1:50080
  meta l4proto tcp tproxy to :50080
 }
}
`;
