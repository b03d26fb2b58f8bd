"""Forms of certificates, one module for each kind of work."""
