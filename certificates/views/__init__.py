"""The pages of certificates and of the learner, one module for each kind of work."""
