nsenter --net=/run/netns/netdtest-host iptables-nft-restore --noflush --wait 5 <<'EOF'
*filter
:NETD-FORWARD - [0:0]
:NETD-BRIDGES - [0:0]
-A NETD-FORWARD -i br0 -g NETD-BRIDGES
-A NETD-BRIDGES -i br0 -o br0 -j ACCEPT
-A NETD-BRIDGES -o br0 -j DROP
-I FORWARD -m comment --comment netd -j NETD-FORWARD
COMMIT
EOF
