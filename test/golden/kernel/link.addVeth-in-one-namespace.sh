ip -n netdtest-host link add name va numtxqueues 1 numrxqueues 1 type veth peer name vb numtxqueues 1 numrxqueues 1
nsenter --net=/run/netns/netdtest-host sysctl -qew net/ipv6/conf/va/accept_ra=0
