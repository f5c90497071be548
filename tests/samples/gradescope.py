"""What Gradescope writes beside the submissions of an export: two attempts of one student, and a group."""

METADATA = """---
submission_100:
  :submitters:
  - :name: Jane Doe
    :sid: '0012'
    :email: jane@uni.edu
  :created_at: 2026-11-20 10:00:00.123456000 Z
  :score: 3.0
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    output: text
  :history:
  - :id: 99
    :created_at: 2026-11-19 10:00:00.000000000 Z
    :score: 1.0
submission_101:
  :submitters:
  - :name: Bob Ray
    :sid: '13'
    :email: bob@uni.edu
  - :name: Kim Poe
    :sid: '14'
    :email: kim@uni.edu
  :created_at: 2026-11-20 11:00:00.000000000 Z
submission_102:
  :submitters:
  - :name: Jane Doe
    :sid: '0012'
    :email: jane@uni.edu
  :created_at: 2026-11-21 10:00:00.000000000 Z
"""
