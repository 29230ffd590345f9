"""What every slice stands on: database, jobs, lake, HTTP; it knows no business noun."""
