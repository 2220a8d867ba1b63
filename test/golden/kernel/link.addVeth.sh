ip -n netdtest-host link add name ve1 numtxqueues 1 numrxqueues 1 type veth peer name eth0 numtxqueues 1 numrxqueues 1 address 02:42:ac:10:00:02 netns netdtest-guest
nsenter --net=/run/netns/netdtest-host sysctl -qew net/ipv6/conf/ve1/accept_ra=0
