nsenter --net=/run/netns/netdtest-guest arping -U -c 1 -I eth0 172.16.0.2
