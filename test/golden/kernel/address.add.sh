ip -n netdtest-guest address add 172.16.0.2/24 broadcast + dev eth0
