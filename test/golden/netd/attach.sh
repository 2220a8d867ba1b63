ip netns add web
nsenter --net=/run/netns/web sysctl -qew net/ipv6/conf/default/disable_ipv6=1
nsenter --net=/run/netns/web sysctl -qw net/ipv4/ip_unprivileged_port_start=0
ip -n web link set dev lo up
ip link add name ve3f2a91c04b numtxqueues 1 numrxqueues 1 mtu 1450 master br0 type veth peer name eth0 numtxqueues 1 numrxqueues 1 mtu 1450 address 02:42:ac:10:00:02 netns web
sysctl -qew net/ipv6/conf/ve3f2a91c04b/accept_ra=0
ip link set dev ve3f2a91c04b alias netd:0badcafe:3f2a91c04b5e0000000000000000000000000000000000000000000000000000
sysctl -qew net/ipv6/conf/ve3f2a91c04b/disable_ipv6=1
ip -n web address add 172.16.0.2/24 broadcast + dev eth0
ip -n web link set dev eth0 up
ip -n web route add default via 172.16.0.1 dev eth0
ip link set dev ve3f2a91c04b up
nsenter --net=/run/netns/web arping -U -c 1 -I eth0 172.16.0.2
