nsenter --net=/run/netns/netdtest-host nft -f - <<'EOF'
add table inet netd
delete table inet netd
table inet netd {
	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "br0" accept
	}
}
EOF
