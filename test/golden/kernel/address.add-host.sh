ip -n netdtest-guest address add 172.16.0.2/32 dev eth0
