"""Who is signed in where: sessions on the server, known to browsers by an opaque cookie."""
