nsenter --net=/run/netns/netdtest-host sysctl -qew net/ipv6/conf/br0.1/disable_ipv6=1
nsenter --net=/run/netns/netdtest-host sysctl -qew net.netd.is_not_there=1
