ip -n netdtest-guest -6 route replace default via 2001:db8::3 dev eth0
ip -n netdtest-guest -6 route replace 2001:db8:1::/48 via 2001:db8::4 dev eth0 metric 7
