ip -n netdtest-guest link set dev lo up
