ip link add name ve3f2a91c04b-1 numtxqueues 1 numrxqueues 1 mtu 1450 master br0 type veth peer name eth1 numtxqueues 1 numrxqueues 1 mtu 1450 address 02:42:ac:10:00:02 netns web
sysctl -qew net/ipv6/conf/ve3f2a91c04b-1/accept_ra=0
ip link set dev ve3f2a91c04b-1 alias netd:0badcafe:3f2a91c04b5e0000000000000000000000000000000000000000000000000000
sysctl -qew net/ipv6/conf/ve3f2a91c04b-1/disable_ipv6=1
nsenter --net=/run/netns/web sysctl -qw net/ipv6/conf/eth1/accept_ra=0
nsenter --net=/run/netns/web sysctl -qw net/ipv6/conf/eth1/accept_dad=0
nsenter --net=/run/netns/web sysctl -qw net/ipv6/conf/eth1/disable_ipv6=0
ip -n web address add 172.16.0.2/24 broadcast + dev eth1
ip -n web address add fd00:1::2/64 dev eth1 nodad
ip -n web link set dev eth1 up
ip -n web route add default via 172.16.0.1 dev eth1
ip -n web -6 route add default via fd00:1::1 dev eth1
ip -n web route add 10.9.0.0/16 via 172.16.0.9 dev eth1
ip link set dev ve3f2a91c04b-1 up
nsenter --net=/run/netns/web arping -U -c 1 -I eth1 172.16.0.2
nsenter --net=/run/netns/web sysctl -qw net/ipv6/conf/eth1/ndisc_notify=1
ip -n web link set dev eth1 address 02:42:ac:10:00:02
nsenter --net=/run/netns/web sysctl -qw net/ipv6/conf/eth1/ndisc_notify=0
