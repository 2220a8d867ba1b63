nsenter --net=/run/netns/netdtest-guest sysctl -qw net/ipv6/conf/eth0/ndisc_notify=1
ip -n netdtest-guest link set dev eth0 address 02:42:ac:10:00:02
nsenter --net=/run/netns/netdtest-guest sysctl -qw net/ipv6/conf/eth0/ndisc_notify=0
