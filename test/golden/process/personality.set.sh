setarch linux32
