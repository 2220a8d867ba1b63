nsenter --net=/run/netns/netdtest-host nft -f - <<'EOF'
delete element inet netd ports { 80 }
add element inet netd ports { 8080, 8443 }
EOF
