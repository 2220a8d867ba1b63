ip -n netdtest-host link add name if1 numtxqueues 1 numrxqueues 1 type ifb
nsenter --net=/run/netns/netdtest-host sysctl -qew net/ipv6/conf/if1/accept_ra=0
ip -n netdtest-host link set dev if1 alias netd:c1 mtu 1400 up
