nsenter --net=/run/netns/netdtest-host iptables-nft-restore --noflush --wait 5 <<'EOF'
*filter
-D FORWARD -m comment --comment netd -j NETD-FORWARD
-F NETD-FORWARD
-F NETD-BRIDGES
-X NETD-FORWARD
-X NETD-BRIDGES
COMMIT
EOF
