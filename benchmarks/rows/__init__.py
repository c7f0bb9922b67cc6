"""What is computed: one kind of work a class, each contender's program as its user would write it."""
