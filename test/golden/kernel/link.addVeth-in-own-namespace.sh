ip link add name ve1 numtxqueues 1 numrxqueues 1 master br0 type veth peer name eth0 numtxqueues 1 numrxqueues 1 netns /proc/42/ns/net
sysctl -qew net/ipv6/conf/ve1/accept_ra=0
ip link set dev ve1 up
