cat >/run/netd/c1/hosts <<'EOF_'
127.0.0.1	localhost
EOF
172.16.0.2	it's
EOF_
chmod 644 /run/netd/c1/hosts
printf %s web >'/run/netd/c 1/hostname'
chmod 600 '/run/netd/c 1/hostname'
