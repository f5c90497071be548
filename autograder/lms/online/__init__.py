"""From the platform and back without files: the only code of autograder that opens a connection to a platform.

`web` bounds every request, `tokens` finds the token, `canvas` and `moodle` call the two platforms, `plan` decides
without any connection what is sent, `pull` and `push` are the two commands. Nothing else imports this package.
"""
