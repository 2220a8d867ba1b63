sysctl --write 'net.ipv4.ip_local_port_range=2000 3000'
