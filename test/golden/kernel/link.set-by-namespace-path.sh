nsenter --net=/proc/42/ns/net ip link set dev eth0 up
