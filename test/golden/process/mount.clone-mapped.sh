mapped=$(mktemp -d)
mount --bind -o X-mount.idmap='u:0:1000:10 g:0:2000:10' /data "$mapped"
