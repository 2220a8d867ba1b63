ip -n netdtest-guest route add default via 172.16.0.1 metric 100
ip -n netdtest-guest route add default via 172.16.0.3 metric 50
