ip -n netdtest-host link add name ve1 numtxqueues 1 numrxqueues 1 mtu 1400 master br0 type veth peer name eth0 numtxqueues 1 numrxqueues 1 mtu 1400 address 02:42:ac:10:00:02 netns netdtest-guest
nsenter --net=/run/netns/netdtest-host sysctl -qew net/ipv6/conf/ve1/accept_ra=0
ip -n netdtest-host link set dev ve1 alias netd:c1 up
