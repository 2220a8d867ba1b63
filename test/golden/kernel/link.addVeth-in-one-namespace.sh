ip -n netdtest-host link add name va type veth peer name vb
nsenter --net=/run/netns/netdtest-host sysctl -qew net/ipv6/conf/va/accept_ra=0
