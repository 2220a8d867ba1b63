nsenter --net=/run/netns/netdtest-host iptables-nft -D DOCKER-USER -m comment --comment "netd:0a1b2c3d" -j NETD-0a1b2c3d
nsenter --net=/run/netns/netdtest-host iptables-nft -F NETD-0a1b2c3d
nsenter --net=/run/netns/netdtest-host iptables-nft -X NETD-0a1b2c3d
