ip -n netdtest-guest route replace default via 172.16.0.3 dev eth0
ip -n netdtest-guest route replace 198.51.100.0/24 via 172.16.0.4
