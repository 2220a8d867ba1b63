ip -n netdtest-host link set dev ve1 nomaster
