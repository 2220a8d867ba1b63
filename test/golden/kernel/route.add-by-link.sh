ip -n netdtest-guest route add 198.51.100.0/24 dev eth0
