nsenter --net=/run/netns/netdtest-host sysctl -qw net.ipv4.ip_forward=1
