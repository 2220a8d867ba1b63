ip -n netdtest-host link add name br0 address 02:42:ac:10:00:01 type bridge
nsenter --net=/run/netns/netdtest-host sysctl -qew net/ipv6/conf/br0/accept_ra=0
ip -n netdtest-host link set dev br0 alias 'netd:it'\''s mine' mtu 1400 up
