mkdir -p /run/netd/c1
chmod 755 /run/netd/c1
mkdir -p /run/netd/secret
chmod 700 /run/netd/secret
