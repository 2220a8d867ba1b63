command -v 'my tool'
