ip -n netdtest-host link add link br0 name mv0242ac100005 address 02:42:ac:10:00:05 mtu 1400 netns netdtest-guest type macvlan mode private
ip -n netdtest-guest link set dev mv0242ac100005 name eth0
nsenter --net=/run/netns/netdtest-guest sysctl -qew net/ipv6/conf/eth0/accept_ra=0
