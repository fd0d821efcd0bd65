"""Bundled data: a sample of Fashion-MNIST, its licence and its checksum."""
