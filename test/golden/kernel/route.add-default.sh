ip -n netdtest-guest route add default via 172.16.0.1 dev eth0
