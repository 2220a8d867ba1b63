hostname web
