ip link add name ve3f2a91c04b-1 numtxqueues 1 numrxqueues 1 mtu 1450 master br0 type veth peer name eth1 numtxqueues 1 numrxqueues 1 mtu 1450 address 02:42:ac:10:00:02 netns web
sysctl -qew net/ipv6/conf/ve3f2a91c04b-1/accept_ra=0
ip link set dev ve3f2a91c04b-1 alias netd:0badcafe:3f2a91c04b5e0000000000000000000000000000000000000000000000000000
sysctl -qew net/ipv6/conf/ve3f2a91c04b-1/disable_ipv6=1
nsenter --net=/run/netns/web sysctl -qw net/ipv6/conf/eth1/accept_ra=0
nsenter --net=/run/netns/web sysctl -qw net/ipv6/conf/eth1/accept_dad=0
nsenter --net=/run/netns/web sysctl -qw net/ipv6/conf/eth1/disable_ipv6=0
ip -n web address add fd00:1::2/64 dev eth1 nodad
ip -n web link set dev eth1 up
ip -n web -6 route add default via fd00:1::1 dev eth1
ip link set dev ve3f2a91c04b-1 up
nsenter --net=/run/netns/web sysctl -qw net/ipv6/conf/eth1/ndisc_notify=1
ip -n web link set dev eth1 address 02:42:ac:10:00:02
nsenter --net=/run/netns/web sysctl -qw net/ipv6/conf/eth1/ndisc_notify=0
