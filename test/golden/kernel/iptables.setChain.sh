nsenter --net=/run/netns/netdtest-host iptables-nft-restore --noflush --wait 5 <<'EOF'
*filter
:NETD-0a1b2c3d - [0:0]
-A NETD-0a1b2c3d -o br0 -j ACCEPT
-A NETD-0a1b2c3d -o docker+ -j RETURN
-A NETD-0a1b2c3d -i br0 -j ACCEPT
-I DOCKER-USER -m comment --comment "netd:0a1b2c3d" -j NETD-0a1b2c3d
COMMIT
EOF
