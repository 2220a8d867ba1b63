[ -d /var/lib/netd/c/rootfs/srv/data ] && [ -z "$(ls -A /v/data/_data)" ] && cp -a /var/lib/netd/c/rootfs/srv/data/. /v/data/_data || true
