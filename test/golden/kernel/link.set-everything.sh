ip -n netdtest-host link set dev ve1 address 02:42:ac:10:00:03 mtu 1280 alias 'two words' master br0 up
