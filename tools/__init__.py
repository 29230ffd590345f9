"""What the project's own workshop needs: contracts of the house, sizes, set-up; nothing that ships."""
