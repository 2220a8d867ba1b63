nsenter --net=/run/netns/netdtest-host nft -f - <<'EOF'
add table inet netd
delete table inet netd
table inet netd {
	set ports {
		type inet_service
		elements = { 80, 443 }
	}
}
EOF
