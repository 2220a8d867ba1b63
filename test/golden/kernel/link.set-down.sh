ip -n netdtest-guest link set dev eth0 down
