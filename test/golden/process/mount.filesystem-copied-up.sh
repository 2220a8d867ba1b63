mkdir -p /var/lib/netd/c/rootfs/etc
copy=$(mktemp -d)
cp -a /var/lib/netd/c/rootfs/etc/. "$copy"
mount -t tmpfs -o nosuid,silent,sync tmpfs /var/lib/netd/c/rootfs/etc
cp -a "$copy"/. /var/lib/netd/c/rootfs/etc
rm -r "$copy"
