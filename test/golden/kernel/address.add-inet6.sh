ip -n netdtest-guest address add 2001:db8::2/64 dev eth0 nodad
