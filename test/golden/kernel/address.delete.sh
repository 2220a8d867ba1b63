ip -n netdtest-guest address delete 172.16.0.2/24 dev eth0
