ip -n netdtest-guest -6 route add default via 2001:db8::1 dev eth0
ip -n netdtest-guest -6 route add 2001:db8:1::/48 dev eth0
